// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// Lets requests wait until something changes about an endpoint's readiness.
final class ReadinessBell: Sendable {
    private struct State {
        /// Counts the rings, so that one between a look and the wait after it is not missed.
        var rings: UInt64 = 0
        var lastKey: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// To be read before the look whose outcome makes the caller wait.
    var rings: UInt64 { state.withLock { $0.rings } }

    func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Waits for a ring after `rings`, for the deadline or for the cancellation.
    func wait(
        after rings: UInt64, until deadline: ContinuousClock.Instant?, _ cancellation: CancellationFlag
    ) async {
        let key = state.withLock { state -> UInt64 in
            state.lastKey += 1
            return state.lastKey
        }
        let timer = deadline.map { deadline in
            Task { [weak self] in
                try? await Task.sleep(until: deadline, clock: .continuous)
                self?.release(key)
            }
        }
        var registration: CancellationFlag.Registration?
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state -> Bool in
                guard state.rings == rings, deadline.map({ $0 > .now }) ?? true else { return false }
                state.waiting[key] = continuation
                return true
            }
            guard waits else { return continuation.resume() }
            registration = cancellation.add { [weak self] in self?.release(key) }
        }
        timer?.cancel()
        if let registration { cancellation.remove(registration) }
    }

    private func release(_ key: UInt64) { state.withLock { $0.waiting.removeValue(forKey: key) }?.resume() }
}
