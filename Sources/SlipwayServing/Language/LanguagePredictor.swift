// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// A language model as a tensor model, for protocols and tools that know tensors alone: a text in, a text or a vector
/// out.
///
/// Its lanes wait for the answer; the work is done where all text is generated.
struct LanguagePredictor: TensorModel {
    let work: LanguageWork
    let signature: ModelSignature
    let version: VersionID
    let endpoint: String

    /// Tokens of an answer where nobody says.
    private static let usualTokens = 256

    var maximumConcurrency: Int { 4 }
    var maximumBatchSize: Int? { 1 }
    var residentBytes: Int { work.residentBytes }

    func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction {
        let startedAt = ContinuousClock.now
        let outcome = AnswerBox()
        let done = LaneSignal()
        Task {
            do {
                outcome.put(.success(try await answer(inputs, cancellation)))
            } catch {
                outcome.put(.failure(error))
            }
            done.post()
        }
        done.wait()
        switch outcome.take() {
        case .success(let outputs):
            return Prediction(
                outputs: outputs, timings: InferenceTimings(compute: ContinuousClock.now - startedAt))
        case .failure(let error as EngineError): throw error
        case .failure(let error):
            throw EngineError(code: .executionFailed, message: "\(error)", cause: error)
        }
    }

    private func answer(_ inputs: NamedTensors, _ cancellation: CancellationFlag) async throws -> NamedTensors {
        if let query = inputs["query"]?.strings?.first, let documents = inputs["documents"]?.strings {
            let scores = try await vectors(documents.map { try rerankPrompt(query, $0) }, cancellation)
            return ["scores": try Tensor(scores.map { $0.first ?? 0 }, shape: [scores.count])]
        }
        let texts = inputs["text_input"]?.strings ?? []
        guard let runner = work.runner else {
            let vectors = try await vectors(
                texts.map { try work.model.tokenize($0, addsSpecial: true, parsesSpecial: false) }, cancellation)
            return [
                "embedding": try Tensor(
                    vectors.flatMap(\.self), shape: [vectors.count, vectors.first?.count ?? 0])
            ]
        }
        guard texts.count == 1, let text = texts.first else {
            throw EngineError(
                code: .inputMismatch, message: "text_input holds \(texts.count) texts, expected 1 in each request")
        }
        let answer = try await continuation(of: text, inputs, cancellation, on: runner)
        return ["text_output": try Tensor([answer], shape: [1])]
    }

    private func vectors(_ texts: [[TokenID]], _ cancellation: CancellationFlag) async throws -> [[Float]] {
        let embeddings = try await work.embeddings()
        for text in texts where text.count > embeddings.longest || text.isEmpty {
            throw EngineError(
                code: .inputMismatch,
                message: "a text has \(text.count) tokens, expected 1 to \(embeddings.longest)")
        }
        return try await embeddings.embed(texts, cancellation)
    }

    private func rerankPrompt(_ query: String, _ document: String) throws(EngineError) -> [TokenID] {
        try work.model.tokenizePair(query, document)
    }

    private func continuation(
        of text: String, _ inputs: NamedTensors, _ cancellation: CancellationFlag, on runner: LanguageRunner
    ) async throws -> String {
        let context = work.settings.context
        var request = GenerationRequest(
            prompt: try work.model.tokenize(text, addsSpecial: true, parsesSpecial: false))
        guard !request.prompt.isEmpty, request.prompt.count < context else {
            throw EngineError(
                code: .inputMismatch,
                message: "the text has \(request.prompt.count) tokens, expected 1 to \(context - 1)")
        }
        let wanted = inputs["max_tokens"]?.values(as: Int32.self)?.first.map { max(0, Int($0)) }
        request.maximumTokens = min(wanted ?? Self.usualTokens, context - request.prompt.count)
        request.sampling.temperature = inputs["temperature"]?.values(as: Float.self)?.first ?? 0
        request.cancellation = cancellation
        let (events, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let log = GenerationLog(
            request, subject: GenerationLog.Subject(endpoint: endpoint, version: version.number, route: .primary),
            keepsAnswer: false, continuation: continuation, whenOver: { _, _ in })
        let ids = try runner.submit(request, log, endpoint: endpoint)
        let registration = cancellation.add { runner.end(ids, with: ServingError.cancelled) }
        defer { if let registration { cancellation.remove(registration) } }
        var bytes: [UInt8] = []
        for try await event in events {
            if case .token(_, let token) = event { bytes += work.model.bytes(of: token.token, rendersSpecial: false) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Carries an answer from a task to the lane that waits for it.
    private final class AnswerBox: Sendable {
        private let answer = Mutex<Result<NamedTensors, any Error>>(
            .failure(EngineError(code: .executionFailed, message: "the model gave no answer")))

        func put(_ result: Result<NamedTensors, any Error>) { answer.withLock { $0 = result } }
        func take() -> Result<NamedTensors, any Error> { answer.withLock { $0 } }
    }
}
