// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one change of endpoints happen after the other, in the order they came.
///
/// A change reads what is in force and writes what follows from it. Changes of one process that overlap would fail
/// and try again, each time all but one of them; those of other processes still may.
final class ChangeQueue: Sendable {
    private struct State {
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// How many at the front of ``waiting`` were called already.
        var called = 0
    }

    private let state = Mutex(State())

    func run<R>(_ body: () async throws -> R) async rethrows -> R {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isBusy {
                    state.waiting.append(continuation)
                    return false
                }
                state.isBusy = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.called < state.waiting.count else {
                state = State()
                return nil
            }
            let next = state.waiting[state.called]
            state.called += 1
            // Now and then, so that a queue that is never empty does not grow for ever.
            if state.called == 1024 {
                state.waiting.removeFirst(state.called)
                state.called = 0
            }
            return next
        }
        next?.resume()
    }
}
