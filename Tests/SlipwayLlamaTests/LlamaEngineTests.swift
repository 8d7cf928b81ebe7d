// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayLlama
import Testing

@Suite("The llama.cpp library", .enabled(if: TestModel.isInstalled, TestModel.skipReason))
struct LlamaEngineTests {
    @Test("says what it is and what it can do")
    func identity() throws {
        let engine = try TestModel.engine()
        #expect(engine.name == "llama")
        #expect(engine.version == "0.5.0")
        #expect(engine.capabilities.languageFormats == [.gguf])
    }

    @Test("a missing library is named with a remedy")
    func missingLibrary() {
        #expect {
            _ = try LlamaEngine(libraryPath: "/nonexistent/libslipway_llama.so") { _ in }
        } throws: { code($0) == .libraryMissing && "\($0)".contains("Scripts/bootstrap") }
    }

    @Test("a device that it lacks is refused")
    func device() throws {
        let engine = try TestModel.engine()
        let bundle = ModelBundle(
            format: .gguf, path: TestModel.modelPath, signature: ModelSignature(inputs: [], outputs: []))
        #expect {
            _ = try engine.loadLanguageModel(bundle, options: LoadOptions(device: "cuda"))
        } throws: { code($0) == .unsupportedDevice && "\($0)".contains("[cpu]") }
    }

    @Test("a file that is no model is refused")
    func noModel() {
        #expect { _ = try TestModel.load("/proc/self/exe") } throws: { code($0) == .invalidModel }
        #expect { _ = try TestModel.load("/nonexistent.gguf") } throws: { code($0) == .invalidModel }
    }

    @Test("tells what the file says of the model")
    func facts() throws {
        let facts = try TestModel.load().facts
        #expect(facts.vocabularySize == 49152)
        #expect(facts.trainingContext == 8192)
        #expect(facts.embeddingWidth == 576)
        #expect(facts.generates && facts.isCausal && facts.hasChatTemplate && !facts.isRecurrent && !facts.embeds)
    }

    @Test(
        "texts come back from their tokens",
        arguments: ["Hello, world!", "", "Grüße 🦜 \n\t x", "  a  b  ", "<|im_end|>"])
    func roundTrip(text: String) throws {
        let model = try TestModel.load()
        let tokens = try model.tokenize(text, addsSpecial: false, parsesSpecial: false)
        let bytes = tokens.flatMap { model.bytes(of: $0, rendersSpecial: false) }
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("control tokens are read only where asked for")
    func controlTokens() throws {
        let model = try TestModel.load()
        let read = try model.tokenize("<|im_end|>", addsSpecial: false, parsesSpecial: true)
        #expect(read.count == 1 && read.allSatisfy(model.isEnd))
        let asText = try model.tokenize("<|im_end|>", addsSpecial: false, parsesSpecial: false)
        #expect(asText.count > 1 && !asText.contains(where: model.isEnd))
    }

    @Test("a word of a hundred thousand letters is cut without harm")
    func longWord() throws {
        let model = try TestModel.load()
        let word = String(repeating: "ab", count: 50_000)
        let tokens = try model.tokenize(word, addsSpecial: false, parsesSpecial: false)
        #expect(tokens.flatMap { model.bytes(of: $0, rendersSpecial: false) }.count == 100_000)
    }
}
