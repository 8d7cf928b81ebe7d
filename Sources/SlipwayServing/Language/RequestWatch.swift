// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// Ends a request when nobody waits for it any more, or its time is up.
final class RequestWatch: Sendable {
    private struct State {
        var ids: [GenerationID] = []
        var registration: CancellationFlag.Registration?
        var deadline: UInt64?
        var isOver = false
    }

    private let request: GenerationRequest
    private let runner: LanguageRunner
    private let deadlines: DeadlineWatch
    private let state = Mutex(State())

    init(_ request: GenerationRequest, _ runner: LanguageRunner, deadlines: DeadlineWatch) {
        self.request = request
        self.runner = runner
        self.deadlines = deadlines
    }

    /// The request was taken, with these choices.
    func start(_ ids: [GenerationID]) {
        let runner = runner
        let registration = request.cancellation.add { runner.end(ids, with: ServingError.cancelled) }
        let deadline = request.deadline.map {
            deadlines.add($0) { runner.end(ids, with: ServingError.deadlineExceeded) }
        }
        let isOver = state.withLock { state -> Bool in
            guard !state.isOver else { return true }
            state = State(ids: ids, registration: registration, deadline: deadline)
            return false
        }
        // Before it was known which choices there are: none is to go on.
        if isOver { end(State(ids: ids, registration: registration, deadline: deadline), isDone: false) }
    }

    /// Nothing more is told: all choices ended, one failed, or whoever read along has let go.
    func over(_ reason: GenerationLog.Continuation.Termination) {
        let held = state.withLock { state in
            defer { state = State(isOver: true) }
            return state
        }
        let isDone = if case .finished(nil) = reason { true } else { false }
        end(held, isDone: isDone)
    }

    private func end(_ held: State, isDone: Bool) {
        if let registration = held.registration { request.cancellation.remove(registration) }
        if let deadline = held.deadline { deadlines.remove(deadline) }
        // Does nothing for choices that are over.
        if !isDone, !held.ids.isEmpty { runner.end(held.ids, with: ServingError.cancelled) }
    }
}
