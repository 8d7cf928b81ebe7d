// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOPosix
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// A call to a language model: its version is chosen, and stays in memory until the answer is written.
struct LanguageCall: Sendable {
    let call: HTTPCall
    let lease: LanguageLease
    let deadline: ContinuousClock.Instant?
    /// Seconds since 1970.
    private let createdAt: Int64

    /// - Parameters:
    ///   - model: The endpoint; empty for the only one there is.
    ///   - conversation: What keeps a conversation on its version, where no header says.
    /// - Throws: ``ServingError``, or ``ServerError`` `badParameter`.
    init(
        _ call: HTTPCall, _ access: LanguageAccess, model: String, version: Int? = nil, conversation: String? = nil
    ) async throws {
        self.call = call
        createdAt = access.clock().milliseconds / 1000
        deadline = try RequestControls.deadline(call)
        let endpoint = try model.isEmpty ? access.onlyEndpoint() : model
        lease = try await access.service.leaseLanguageModel(
            endpoint, version: version, caller: call.caller,
            conversation: call.headers[Self.conversation] ?? conversation, until: deadline, call.cancellation)
    }

    private static let conversation = HTTPField.Name.known("x-conversation-id")
    private static let priority = HTTPField.Name.known("priority")

    var model: any LanguageModel { lease.model }

    /// What every part of the answer begins with.
    func head(_ prefix: String) -> OpenAIReplyHead {
        OpenAIReplyHead(
            id: prefix + RandomIdentifier.make(), created: createdAt, model: lease.endpoint,
            fingerprint: "slipway-" + lease.digest.hex.prefix(12))
    }

    // MARK: - Prompts

    /// The tokens of a prompt as the caller wrote it; text of control tokens in it is text.
    ///
    /// - Throws: ``EngineError``, or ``ServerError`` `badParameter` for tokens that the model does not have and for a
    ///   prompt of no tokens where it has none to begin with.
    func tokens(_ prompt: OpenAIPrompt) async throws -> [TokenID] {
        let tokens: [TokenID]
        switch prompt {
        case .text(let text):
            tokens = try await Self.work(onBytes: text.utf8.count) { [model] in
                try model.tokenize(text, addsSpecial: true, parsesSpecial: false)
            }
        case .tokens(let given):
            try check(given)
            tokens = given
        }
        return try filled(tokens)
    }

    /// The model's beginning where there is nothing to begin with.
    func filled(_ tokens: [TokenID]) throws -> [TokenID] {
        guard tokens.isEmpty else { return tokens }
        guard let begin = model.facts.beginToken else {
            throw ServerError(
                .badParameter, "the prompt has no tokens, and this model has none to begin with: send some text")
        }
        return [begin]
    }

    /// - Throws: ``ServerError`` `badParameter` for tokens that the model does not have.
    func check(_ tokens: some Sequence<TokenID>) throws(ServerError) {
        let count = model.facts.vocabularySize
        for token in tokens where token < 0 || Int(token) >= count {
            throw ServerError(.badParameter, "token \(token) is not one of the model's, 0 to \(count - 1)")
        }
    }

    /// Runs what takes milliseconds for long texts away from the thread that reads the sockets.
    static func work<R: Sendable>(
        onBytes count: Int, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        guard count > longestInline else { return try body() }
        return try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Bytes of text: about a millisecond of a tokenizer's time.
    private static let longestInline = 16 << 10

    // MARK: - Requests

    /// A request to continue `prompt`, as far as all routes have it in common.
    ///
    /// - Throws: ``WireError`` when the prompt leaves no room for an answer, ``ServerError`` for tokens that the model
    ///   does not have.
    func request(_ prompt: [TokenID], _ options: OpenAIOptions) throws -> GenerationRequest {
        try check(options.sampling.biases.keys)
        let room = lease.contextLength - prompt.count
        guard room >= min(1, options.maximumTokens ?? 1) else {
            throw WireError.contextLengthExceeded(promptTokens: prompt.count, contextLength: lease.contextLength)
        }
        var request = GenerationRequest(prompt: prompt)
        request.id = call.requestID
        request.choices = options.choices
        request.maximumTokens = options.maximumTokens.map { min($0, room) }
        request.sampling = SamplingOptions(options.sampling)
        request.sharesPrefix = options.sharesPrefix
        request.speculation = options.speculates.map { $0 ? .on : .off } ?? .automatic
        request.caller = call.caller
        request.urgency =
            options.urgency ?? call.headers[Self.priority].flatMap(RequestControls.urgency)
            ?? InferenceRequest.usualUrgency
        request.deadline = deadline
        request.cancellation = call.cancellation
        request.receivedAt = call.receivedAt
        return request
    }
}
