// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// What is known of one request while it is generated: where its events go, and what is observed of it at the end.
///
/// Holds the request's place and its version until nobody works on it any more.
final class GenerationLog: Sendable {
    typealias Continuation = AsyncThrowingStream<GenerationEvent, any Error>.Continuation

    /// The first choice, kept where copies are to be compared with it.
    struct KeptAnswer: Sendable, Equatable {
        var tokens: [TokenID] = []
        /// Whether the model ended it itself.
        var isWhole = false
    }

    private struct State {
        var choicesLeft: Int
        var firstStepAt: ContinuousClock.Instant?
        var firstTokenAt: ContinuousClock.Instant?
        var lastTokenAt: ContinuousClock.Instant?
        var cachedTokens = 0
        var outputTokens = 0
        var drafted = 0
        var accepted = 0
        var reason: String?
        var failure: ErrorCategory?
        var answer = KeptAnswer()
        var isObserved = false
    }

    /// What an observation says besides what happened.
    struct Subject: Sendable {
        let endpoint: String
        let version: Int
        let route: RouteKind
    }

    private let request: GenerationRequest
    private let subject: Subject
    private let keepsAnswer: Bool
    private let continuation: Continuation
    private let state: Mutex<State>
    private let whenOver: @Sendable (GenerationObservation, _ answer: KeptAnswer) -> Void

    /// - Parameter whenOver: Called once, when the request is over.
    init(
        _ request: GenerationRequest, subject: Subject, keepsAnswer: Bool, continuation: Continuation,
        whenOver: @escaping @Sendable (GenerationObservation, KeptAnswer) -> Void
    ) {
        self.request = request
        self.subject = subject
        self.keepsAnswer = keepsAnswer
        self.continuation = continuation
        self.whenOver = whenOver
        state = Mutex(State(choicesLeft: request.choices))
    }

    deinit { observe(at: .now) }

    func yield(_ event: GenerationEvent) { continuation.yield(event) }

    func firstStep(at now: ContinuousClock.Instant) {
        state.withLock { if $0.firstStepAt == nil { $0.firstStepAt = now } }
    }

    func started(cachedTokens: Int) {
        // Choices after the first share its whole prompt: what the caller sees saved is the first one's.
        state.withLock { if $0.firstTokenAt == nil { $0.cachedTokens = cachedTokens } }
    }

    func generated(_ token: TokenID, choice: Int, at now: ContinuousClock.Instant) {
        state.withLock { state in
            if state.firstTokenAt == nil { state.firstTokenAt = now }
            state.lastTokenAt = now
            state.outputTokens += 1
            if keepsAnswer, choice == 0 { state.answer.tokens.append(token) }
        }
    }

    func drafted(_ count: Int, accepted: Int) {
        state.withLock {
            $0.drafted += count
            $0.accepted += max(0, accepted)
        }
    }

    func choiceEnded(_ reason: GenerationEvent.EndReason, choice: Int) {
        let isLast = state.withLock { state -> Bool in
            if choice == 0 { state.answer.isWhole = reason == .end }
            if state.reason == nil { state.reason = reason == .length ? "length" : "stop" }
            state.choicesLeft -= 1
            return state.choicesLeft == 0
        }
        if isLast { continuation.finish() }
    }

    func fail(_ error: any Error) {
        state.withLock { state in
            guard state.choicesLeft > 0 else { return }
            state.failure = state.failure ?? (error as? any SlipwayError)?.category ?? .internal
        }
        continuation.finish(throwing: error)
    }

    /// The answer was written, and ended so: `tool_calls`, `stop`.
    func finished(reason: String) {
        state.withLock { if $0.failure == nil { $0.reason = reason } }
        observe(at: .now)
    }

    private func observe(at now: ContinuousClock.Instant) {
        let told = state.withLock { state -> (GenerationObservation, KeptAnswer)? in
            guard !state.isObserved else { return nil }
            state.isObserved = true
            return (observation(state, now), state.answer)
        }
        if let told { whenOver(told.0, told.1) }
    }

    private func observation(_ state: State, _ now: ContinuousClock.Instant) -> GenerationObservation {
        let failure = state.failure ?? (state.choicesLeft > 0 ? .cancelled : nil)
        let received = request.receivedAt
        var observation = GenerationObservation(
            requestID: request.id, endpoint: subject.endpoint, version: subject.version, route: subject.route,
            outcome: failure.map { .failure($0) } ?? .success, finishReason: failure == nil ? state.reason : nil,
            phase: state.firstStepAt == nil ? .queue : state.firstTokenAt == nil ? .prefill : .decode,
            promptTokens: request.prompt.count, cachedTokens: state.cachedTokens, outputTokens: state.outputTokens,
            draftedTokens: state.drafted, acceptedTokens: state.accepted,
            queue: (state.firstStepAt ?? now) - received,
            prefill: state.firstStepAt.map { (state.firstTokenAt ?? now) - $0 } ?? .zero,
            decode: state.firstTokenAt.map { (state.lastTokenAt ?? $0) - $0 } ?? .zero,
            timeToFirstToken: state.firstTokenAt.map { $0 - received },
            total: now - received)
        observation.trace = request.trace
        return observation
    }
}
