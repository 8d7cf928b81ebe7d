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
    /// - Throws: ``ServingError``, or ``WireError`` when no model is named and there are several.
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

    /// The tokens of prompts as the caller wrote them.
    ///
    /// - Parameters:
    ///   - member: Of the request, that they are in.
    ///   - limit: Tokens of each that fit.
    /// - Throws: ``WireError`` `contextLengthExceeded` for texts that cannot fit; what ``PromptTokens`` throws.
    func tokens(_ prompts: [OpenAIPrompt], at member: String, limit: Int) async throws -> [[TokenID]] {
        var size = 0
        for prompt in prompts {
            try PromptTokens.check(prompt, limit: limit)
            switch prompt {
            case .text(let text): size += text.utf8.count + Self.bytesPerText
            case .tokens(let tokens): size += tokens.count
            }
        }
        return try await work(onBytes: size) { [model, cancellation = call.cancellation] in
            var cut: [[TokenID]] = []
            for prompt in prompts {
                guard !cancellation.isCancelled else { throw Self.cancelled }
                let tokens = try PromptTokens.cut(prompt, with: model, at: member)
                try PromptTokens.check(.tokens(tokens), limit: limit)
                cut.append(tokens)
            }
            return cut
        }
    }

    /// Runs what takes milliseconds for long texts away from the thread that reads the sockets; not for a client that
    /// has gone.
    func work<R: Sendable>(
        onBytes count: Int, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        guard count > Self.longestInline else { return try body() }
        let cancellation = call.cancellation
        return try await NIOThreadPool.singleton.runIfActive {
            guard !cancellation.isCancelled else { throw Self.cancelled }
            return try body()
        }
    }

    static let cancelled = ServingError(
        code: .cancelled, message: "the request was cancelled by the caller")
    /// Bytes of text: about a millisecond of a tokenizer's time.
    private static let longestInline = 16 << 10
    /// What a text costs beside its length.
    private static let bytesPerText = 128

    // MARK: - Requests

    /// A request to continue `prompt`, as far as all routes have it in common.
    ///
    /// - Throws: ``WireError`` when the prompt leaves no room for an answer, and for tokens that the model lacks.
    func request(_ prompt: [TokenID], _ options: OpenAIOptions) throws -> GenerationRequest {
        try fitted(prompt, into: base(options))
    }

    /// The same for several prompts.
    func requests(_ prompts: [[TokenID]], _ options: OpenAIOptions) throws -> [GenerationRequest] {
        let base = try base(options)
        return try prompts.map { try fitted($0, into: base) }
    }

    private func fitted(_ prompt: [TokenID], into base: GenerationRequest) throws(WireError) -> GenerationRequest {
        let room = lease.contextLength - prompt.count
        guard room >= min(1, base.maximumTokens ?? 1) else {
            throw .contextLengthExceeded(promptTokens: prompt.count, contextLength: lease.contextLength)
        }
        var request = base
        request.prompt = prompt
        request.maximumTokens = base.maximumTokens.map { min($0, room) }
        return request
    }

    private func base(_ options: OpenAIOptions) throws(WireError) -> GenerationRequest {
        try PromptTokens.check(options.sampling.biases.keys, of: model, at: "logit_bias")
        var request = GenerationRequest(prompt: [])
        request.id = call.requestID
        request.trace = call.trace?.link
        request.choices = options.choices
        request.maximumTokens = options.maximumTokens
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

    /// Starts a request.
    ///
    /// - Throws: What ``LanguageLease/generate(_:)`` throws, and `EngineError` for a syntax that is not known.
    func begin(_ request: GenerationRequest, _ form: ChoiceReader.Form) async throws -> BegunAnswer {
        // Each choice has a grammar and a parser of its own to be made.
        let isHard = request.sampling.constraint != .none || !form.syntax.isEmpty || request.choices > 1
        return try await work(onBytes: isHard ? .max : 0) { [lease] in
            let stream = try lease.generate(request)
            return BegunAnswer(
                stream: stream,
                flow: try AnswerFlow(promptTokens: request.prompt.count, choices: request.choices, form: form))
        }
    }
}

/// A request that is under way, with what reads its events.
struct BegunAnswer: Sendable {
    let stream: GenerationStream
    let flow: AnswerFlow
}
