// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayEngine
import SlipwayLlama
import SlipwayTestKit
import Testing

/// The built engine and the small model that the tests run on.
enum TestModel {
    static let skipReason: Comment = "run Scripts/bootstrap --with tests first"

    static var isInstalled: Bool { library.isInstalled && access(modelPath, R_OK) == 0 }

    private static let library = EngineLibrary("llama-0.3.36/libslipway_llama.so")
    static var modelPath: String { cache + "/assets/smollm2-0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf" }

    static func engine() throws -> LlamaEngine { try LlamaEngine(libraryPath: library.path) { _ in } }

    static func load(_ path: String = modelPath) throws -> any LanguageModel {
        let bundle = ModelBundle(format: .gguf, path: path, signature: ModelSignature(inputs: [], outputs: []))
        return try engine().loadLanguageModel(bundle, options: LoadOptions())
    }

    private static var cache: String {
        environment("SLIPWAY_CACHE") ?? (environment("HOME") ?? "") + "/.cache/slipway"
    }
    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// A session, and ways to write with it that hide the batches.
struct Writer {
    let model: any LanguageModel
    let session: any LanguageSession

    init(_ model: any LanguageModel, cells: Int = 1024) throws {
        self.model = model
        session = try model.makeSession(
            SessionOptions(cells: cells, batch: 512, sequences: 8, outputs: 8, threads: 2))
    }

    /// Computes tokens of a sequence from a position on; the last one's output is asked for.
    func prefill(_ tokens: [TokenID], of sequence: SequenceID = 0, from start: Int = 0) -> DecodeOutcome {
        var batch = TokenBatch()
        for (offset, token) in tokens.enumerated() {
            batch.append(token, at: start + offset, of: sequence, output: offset == tokens.count - 1)
        }
        return session.decode(batch)
    }

    /// Chooses up to `count` tokens after a prefill whose last token was at `output` of its batch.
    func write(
        _ count: Int, of sequence: SequenceID = 0, after position: Int, output: Int,
        with options: SamplingOptions = .greedy
    ) throws -> [TokenID] {
        try write(count, of: sequence, after: position, output: output, by: model.makeSampler(options))
    }

    func write(
        _ count: Int, of sequence: SequenceID = 0, after position: Int, output: Int, by sampler: any TokenSampler
    ) throws -> [TokenID] {
        var tokens: [TokenID] = []
        var output = output
        while tokens.count < count {
            let token = try session.sample(sampler, output: output, alternatives: nil).token
            if model.isEnd(token) { break }
            tokens.append(token)
            guard prefill([token], of: sequence, from: position + tokens.count - 1) == .decoded else { break }
            output = 0
        }
        return tokens
    }

    /// What follows a prompt.
    func complete(_ prompt: [TokenID], _ count: Int, with options: SamplingOptions = .greedy) throws -> [TokenID] {
        try complete(prompt, count, by: model.makeSampler(options))
    }

    func complete(_ prompt: [TokenID], _ count: Int, by sampler: any TokenSampler) throws -> [TokenID] {
        session.remove(0, from: 0)
        try #require(prefill(prompt) == .decoded)
        return try write(count, after: prompt.count, output: prompt.count - 1, by: sampler)
    }

    func text(_ tokens: [TokenID]) -> String {
        String(decoding: tokens.flatMap { model.bytes(of: $0, rendersSpecial: false) }, as: UTF8.self)
    }
}

extension SamplingOptions {
    static var greedy: SamplingOptions {
        var options = SamplingOptions()
        options.temperature = 0
        return options
    }
}

extension LanguageModel {
    /// A prompt that asks the model for an answer.
    func prompt(_ question: String) throws -> [TokenID] {
        let messages = #"[{"role":"user","content":"\#(question)"}]"#
        return try tokenize(render(ChatInput(messages: Array(messages.utf8))).parts)
    }
}

func code(_ error: any Error) -> EngineError.Code? { (error as? EngineError)?.code }
