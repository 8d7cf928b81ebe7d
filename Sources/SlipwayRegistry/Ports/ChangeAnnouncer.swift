// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells any number of listeners that something changed; several changes may come as one.
package final class ChangeAnnouncer: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextKey = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    package init() {}

    /// A stream that holds at most one pending announcement and ends with ``finish()``.
    package func subscribe() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = state.withLock { state -> Int? in
            guard !state.isFinished else { return nil }
            state.nextKey += 1
            state.listeners[state.nextKey] = continuation
            return state.nextKey
        }
        guard let key else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: key) }
        }
        return stream
    }

    package var hasListeners: Bool { state.withLock { !$0.listeners.isEmpty } }

    package func announce() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
    }

    package func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
