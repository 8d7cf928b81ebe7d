// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayCore
import SlipwayEngine

/// A loaded GGUF file: weights, vocabulary and template. Nothing of it changes.
final class LlamaModel: LanguageModel, @unchecked Sendable {
    // Unchecked: the library allows every use of a model from any thread.
    let library: LlamaLibrary
    let handle: OpaquePointer
    let facts: LanguageModelFacts
    let residentBytes: Int

    /// Loads the file; its weights are mapped, so that a second version of it shares the memory.
    init(path: String, library: LlamaLibrary) throws(EngineError) {
        var options = SlwModelOptions(maps_file: true, checks_tensors: false, progress: nil, user: nil)
        var handle: OpaquePointer?
        var error = SlwError()
        let code = library.api.model_load(path, &options, &handle, &error)
        guard code == 0, let handle else { throw LlamaFailure(error).error(at: .load) }
        var facts = SlwModelFacts()
        library.api.model_facts(handle, &facts)
        self.library = library
        self.handle = handle
        self.facts = LanguageModelFacts(facts)
        residentBytes = Int(clamping: facts.bytes)
    }

    deinit { library.api.model_free(handle) }

    func tokenize(_ text: String, addsSpecial: Bool, parsesSpecial: Bool) throws(EngineError) -> [TokenID] {
        var text = text
        var tokens: [TokenID] = []
        let needed = text.withUTF8 { bytes in
            // Rarely more tokens than bytes: one call does.
            var capacity = bytes.count + 8
            while true {
                var count: Int64 = 0
                tokens = [TokenID](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                    count = bytes.withMemoryRebound(to: CChar.self) {
                        library.api.tokenize(
                            handle, $0.baseAddress, $0.count, addsSpecial, parsesSpecial, buffer.baseAddress,
                            buffer.count)
                    }
                    initialized = count > Int64(buffer.count) ? 0 : max(0, Int(count))
                }
                guard count > Int64(capacity) else { return count }
                capacity = Int(count)
            }
        }
        guard needed >= 0 else {
            throw EngineError(code: .inputMismatch, message: "the text cannot be cut into tokens: it is too long")
        }
        return tokens
    }

    func bytes(of token: TokenID, rendersSpecial: Bool) -> [UInt8] {
        var capacity = 48
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                count = buffer.withMemoryRebound(to: CChar.self) {
                    Int(library.api.token_bytes(handle, token, rendersSpecial, $0.baseAddress, Int32(capacity)))
                }
                initialized = count > capacity ? 0 : count
            }
            guard count > capacity else { return bytes }
            capacity = count
        }
    }

    func isEnd(_ token: TokenID) -> Bool { library.api.is_end(handle, token) }

    func render(_ chat: ChatInput) throws(EngineError) -> RenderedChat {
        let request = ChatJSON.request(chat)
        var answer = SlwText()
        var error = SlwError()
        let code = request.withCharacters { library.api.chat_render(handle, $0, $1, &answer, &error) }
        guard code == 0 else { throw LlamaFailure(error).error(at: .prepare) }
        return try ChatJSON.rendered(library.take(answer))
    }

    func makeParser(_ syntax: [UInt8]) throws(EngineError) -> any AnswerParser {
        try LlamaParser(syntax, library: library)
    }

    func makeSampler(_ options: SamplingOptions) throws(EngineError) -> any TokenSampler {
        try LlamaSampler(options, model: self)
    }

    func makeSession(_ options: SessionOptions) throws(EngineError) -> any LanguageSession {
        try LlamaSession(options, model: self)
    }

    func makeDrafter(keyLength: Int, mostTokens: Int) -> any TokenDrafter {
        LlamaDrafter(keyLength: keyLength, mostTokens: mostTokens, library: library)
    }
}

extension LanguageModelFacts {
    fileprivate init(_ facts: SlwModelFacts) {
        let embedsOnly = facts.has_encoder && !facts.has_decoder || !facts.is_causal
        self.init(
            vocabularySize: Int(facts.vocabulary), trainingContext: Int(facts.training_context),
            embeddingWidth: Int(facts.embedding_width), classCount: Int(facts.class_count),
            pooling: Pooling(rawValue: facts.pooling) ?? .unspecified,
            beginToken: Self.token(facts.bos), endToken: Self.token(facts.eos) ?? Self.token(facts.sep),
            separatorToken: facts.adds_sep ? Self.token(facts.sep) : nil, addsBegin: facts.adds_bos,
            addsEnd: facts.adds_eos, mostPositions: facts.most_positions > 0 ? Int(facts.most_positions) : nil,
            generates: !embedsOnly, isCausal: facts.is_causal,
            isRecurrent: facts.is_recurrent || facts.is_hybrid, hasChatTemplate: facts.has_chat_template,
            parameterCount: facts.parameters)
    }

    private static func token(_ number: Int32) -> TokenID? { number < 0 ? nil : number }
}
