// SPDX-License-Identifier: Apache-2.0

/// What happened to one request for generated text, when it is over.
public struct GenerationObservation: Sendable {
    /// What a request was doing when it ended.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        case queue, prefill, decode
    }

    public let requestID: String?
    public let endpoint: String
    public let version: Int?
    public let route: RouteKind
    public let outcome: InferenceObservation.Outcome
    /// `stop`, `length`, `tool_calls`; `nil` where it failed.
    public let finishReason: String?
    /// Where it was when it ended.
    public let phase: Phase
    public let promptTokens: Int
    /// Prompt tokens that had been computed before.
    public let cachedTokens: Int
    public let outputTokens: Int
    /// Tokens that were proposed by a draft, and those of them that were right.
    public let draftedTokens: Int
    public let acceptedTokens: Int
    /// From receipt to the first step.
    public let queue: Duration
    /// From the first step to the first token.
    public let prefill: Duration
    /// From the first token to the last.
    public let decode: Duration
    /// From receipt; `nil` where there was none.
    public let timeToFirstToken: Duration?
    public let total: Duration
    /// The caller's trace; `nil` when it follows none.
    public var trace: TraceLink?

    public init(
        requestID: String?, endpoint: String, version: Int?, route: RouteKind, outcome: InferenceObservation.Outcome,
        finishReason: String?, phase: Phase, promptTokens: Int, cachedTokens: Int, outputTokens: Int,
        draftedTokens: Int, acceptedTokens: Int, queue: Duration, prefill: Duration, decode: Duration,
        timeToFirstToken: Duration?, total: Duration
    ) {
        self.requestID = requestID
        self.endpoint = endpoint
        self.version = version
        self.route = route
        self.outcome = outcome
        self.finishReason = finishReason
        self.phase = phase
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.outputTokens = outputTokens
        self.draftedTokens = draftedTokens
        self.acceptedTokens = acceptedTokens
        self.queue = queue
        self.prefill = prefill
        self.decode = decode
        self.timeToFirstToken = timeToFirstToken
        self.total = total
    }
}

/// What happened in one decode of a language model.
public struct StepObservation: Sendable {
    public let endpoint: String
    public let version: Int
    public let prefillTokens: Int
    public let decodeTokens: Int
    /// Sequences that took part.
    public let sequences: Int
    public let duration: Duration
    /// For each sequence that got a token that was not its first: the time since the one before.
    public let gaps: [Duration]

    public init(
        endpoint: String, version: Int, prefillTokens: Int, decodeTokens: Int, sequences: Int, duration: Duration,
        gaps: [Duration]
    ) {
        self.endpoint = endpoint
        self.version = version
        self.prefillTokens = prefillTokens
        self.decodeTokens = decodeTokens
        self.sequences = sequences
        self.duration = duration
        self.gaps = gaps
    }
}
