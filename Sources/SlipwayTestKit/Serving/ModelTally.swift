// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts what an engine's models do.
package final class ModelTally: Sendable {
    package struct Counts: Sendable, Equatable {
        /// Models in memory.
        package var alive = 0
        package var loaded = 0
        /// Calls begun, warm-ups included.
        package var calls = 0
        /// Calls that gave an answer, warm-ups included.
        package var answers = 0
    }

    /// What a model was called with.
    package struct Call: Sendable, Equatable {
        package let version: Int
        package let values: [Float]
    }

    private struct State {
        var counts = Counts()
        var calls: [Call] = []
        var running = 0
        var mostRunning = 0
    }

    private let state = Mutex(State())

    package var counts: Counts { state.withLock { $0.counts } }

    /// Calls begun since the last ``startOver()``, in their order.
    package var calls: [Call] { state.withLock { $0.calls } }

    /// The most calls that ran at the same time since the last ``startOver()``.
    package var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Forgets the calls so far: those of a warm-up.
    package func startOver() {
        state.withLock { state in
            state.calls = []
            state.mostRunning = state.running
        }
    }

    func born() {
        state.withLock { state in
            state.counts.alive += 1
            state.counts.loaded += 1
        }
    }

    func died() { state.withLock { $0.counts.alive -= 1 } }

    func called(_ call: Call) {
        state.withLock { state in
            state.counts.calls += 1
            state.calls.append(call)
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
        }
    }

    func returned() { state.withLock { $0.running -= 1 } }
    func answered() { state.withLock { $0.counts.answers += 1 } }
}
