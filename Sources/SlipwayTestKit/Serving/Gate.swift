// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Holds threads and tasks at a point of a test until it is opened, and tells when they have come there.
package final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var arrivals = 0
        var held: [@Sendable () -> Void] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    package init(isOpen: Bool) { state = Mutex(State(isOpen: isOpen)) }

    /// How many found it closed, so far.
    package var arrivals: Int { state.withLock { $0.arrivals } }

    package func close() { state.withLock { $0.isOpen = false } }

    package func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for release in held { release() }
    }

    /// Blocks the calling thread while the gate is closed; for lanes and loader threads only.
    package func passBlocking() {
        let semaphore = DispatchSemaphore(value: 0)
        hold { semaphore.signal() }
        semaphore.wait()
    }

    /// Waits while the gate is closed.
    package func pass() async {
        await withCheckedContinuation { continuation in hold { continuation.resume() } }
    }

    /// Waits until so many, over the gate's whole life, have found it closed.
    package func waitForArrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state -> Bool in
                if state.arrivals >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func hold(_ release: @escaping @Sendable () -> Void) {
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
            if state.isOpen { return nil }
            state.arrivals += 1
            state.held.append(release)
            let arrivals = state.arrivals
            defer { state.watchers.removeAll { $0.count <= arrivals } }
            return state.watchers.filter { $0.count <= arrivals }.map(\.continuation)
        }
        guard let ready else { return release() }
        for watcher in ready { watcher.resume() }
    }
}
