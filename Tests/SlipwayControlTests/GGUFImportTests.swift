// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Synchronization
import Testing

@Suite("Import of language models")
struct GGUFImportTests {
    /// An engine of language models alone, which remembers what it was asked to load.
    private final class LanguageEngine: InferenceEngine {
        let name = "llama"
        let version = "1.0"
        let capabilities = EngineCapabilities(formats: [.gguf], languageFormats: [.gguf], devices: ["cpu"])
        let loaded = Mutex<[String]>([])
        let refusal: EngineError?

        init(refusal: EngineError? = nil) { self.refusal = refusal }

        func loadLanguageModel(
            _ bundle: ModelBundle, options: LoadOptions
        ) throws(EngineError) -> any LanguageModel {
            loaded.withLock { $0.append(bundle.path) }
            if let refusal { throw refusal }
            return FakeLanguageModel()
        }
    }

    private let home: TestHome

    init() throws { home = try TestHome() }

    private func run(_ path: String, engines: [any InferenceEngine]) async throws -> ModelImporter.Result {
        try await ModelImporter(store: home.store, artifacts: home.artifacts, engines: engines).run(
            ImportRequest(path: path, model: "m"), progress: { _ in })
    }

    @Test("registers what the file says of itself, after its engine has loaded it")
    func new() async throws {
        let engine = LanguageEngine()
        let path = try home.write(TinyModel.languageModel().bytes, as: "Tiny.Q4_1.gguf")
        let result = try await run(path, engines: [home.engine, engine])
        let draft = result.record.draft
        #expect(result.isNew && result.notes == [])
        #expect(engine.loaded.withLock { $0 } == [path])
        #expect(draft.format == .gguf && draft.engine == "llama")
        #expect(draft.files.map(\.path) == ["model.gguf"] && draft.primaryPath == "model.gguf")
        #expect(draft.signature.inputs.map(\.name) == ["text_input", "max_tokens", "temperature"])
        #expect(draft.signature.inputs.map(\.isOptional) == [false, true, true])
        #expect(draft.signature.outputs.map(\.name) == ["text_output"])
        let expected = [
            "gguf.architecture": "llama", "gguf.quantisation": "Q4_1", "gguf.parameters": "4416",
            "gguf.context": "128", "gguf.tokenizer": "gpt2 smollm", "gguf.template": "yes",
            "gguf.kv-bytes-per-token": "256", "gguf.purpose": "generation", "license": "apache-2.0",
            "file.name": "Tiny", "file.languages": "en, de",
        ]
        for (key, value) in expected { #expect(draft.metadata[key] == value, "\(key)") }
    }

    @Test("without its engine imports all the same, for that engine, and says so")
    func noEngine() async throws {
        let path = try home.write(TinyModel.languageModel().bytes)
        let result = try await run(path, engines: [home.engine])
        #expect(result.record.draft.engine == "llama")
        #expect(result.notes == ["not verified: no engine for GGUF is installed here"])
    }

    @Test("registers nothing that the engine refuses")
    func refused() async throws {
        let engine = LanguageEngine(refusal: EngineError(code: .unsupportedModel, message: "no architecture 'llama'"))
        let path = try home.write(TinyModel.languageModel().bytes)
        let error = await #expect(throws: EngineError.self) { try await run(path, engines: [engine]) }
        #expect(error?.message == "no architecture 'llama'")
        #expect(try await home.contents() == [])
    }

    @Test(
        "asks models of other kinds in their own way",
        arguments: [
            (1, ["text_input"], ["embedding"]), (3, ["text_input"], ["embedding"]),
            (4, ["query", "documents"], ["scores"]),
        ] as [(UInt32, [String], [String])])
    func purposes(pooling: UInt32, inputs: [String], outputs: [String]) async throws {
        var writer = TinyModel.languageModel()
        writer["llama.pooling_type"] = .uint32(pooling)
        let signature = try await run(try home.write(writer.bytes), engines: []).record.draft.signature
        #expect(signature.inputs.map(\.name) == inputs)
        #expect(signature.outputs.map(\.name) == outputs)
        if pooling != 4 { #expect(signature.outputs.first?.shape?.last == .fixed(64)) }
    }

    @Test("takes all files of a model in several, by its first file or their folder", arguments: [true, false])
    func split(byFolder: Bool) async throws {
        let parts = TinyModel.splitLanguageModel(stem: "big-q4")
        let first = try home.write(parts[0].bytes, as: parts[0].name)
        let folder = String(first.dropLast(parts[0].name.count + 1))
        for part in parts.dropFirst() {
            _ = try home.folder.file(folder.dropFirst(home.folder.path.count + 1) + "/" + part.name, part.bytes)
        }
        let record = try await run(byFolder ? folder : first, engines: []).record
        #expect(record.draft.files.map(\.path) == (1...3).map { "model-0000\($0)-of-00003.gguf" })
        #expect(record.draft.primaryPath == "model-00001-of-00003.gguf")
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let resolved = try await source.resolve(record.id)
        #expect(resolved.cacheBytesPerToken == 256 && resolved.trainedContext == 128)
        let laidOut = try await source.fetch(resolved)
        let bundle = try await source.verify(resolved, in: laidOut)
        #expect(bundle.format == .gguf && bundle.path == laidOut + "/model-00001-of-00003.gguf")
        #expect(bundle.signature == record.draft.signature)
    }

    @Test("says which file of a model is missing")
    func missingPart() async throws {
        let parts = TinyModel.splitLanguageModel(stem: "big")
        let path = try home.write(parts[0].bytes, as: parts[0].name)
        let error = await #expect(throws: FormatError.self) { try await run(path, engines: []) }
        #expect(error?.code == .missingFile)
        #expect(error?.message.contains(parts[1].name) == true)
    }

    @Test("refuses what is no model", arguments: ["adapter", "imatrix", "mmproj", "vocab"])
    func kinds(kind: String) async throws {
        var writer = TinyModel.languageModel()
        writer["general.type"] = .text(kind)
        let path = try home.write(writer.bytes)
        let error = await #expect(throws: FormatError.self) { try await run(path, engines: []) }
        #expect(error?.code == .unsupported)
        #expect(try await home.contents() == [])
    }

    @Test("finds out when the stored file is another model than was registered")
    func changed() async throws {
        let record = try await run(try home.write(TinyModel.languageModel().bytes), engines: []).record
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        var other = TinyModel.languageModel()
        other["llama.pooling_type"] = .uint32(1)
        let path = try home.write(other.bytes, as: "model.gguf")
        let resolved = try await source.resolve(record.id)
        let error = await #expect(throws: ControlError.self) {
            try await source.verify(resolved, in: String(path.dropLast("/model.gguf".count)))
        }
        #expect(error?.code == .changedOnDisk)
    }
}
