// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The lanes of one loaded model: threads `lane-0`, `lane-1` ... on one queue.
package final class LaneGroup: Sendable {
    package let queue: LaneQueue
    package let laneCount: Int
    private let ending: LaneEnding

    /// Starts `count` lanes, at least one.
    ///
    /// - Throws: ``EngineError`` `outOfMemory` when the system has no thread left; none is left running then.
    package init(count: Int) throws(EngineError) {
        queue = LaneQueue()
        laneCount = max(1, count)
        ending = LaneEnding()
        for index in 0..<laneCount {
            let lane = Lane(queue: queue, ending: ending)
            ending.laneStarts()
            do throws(EngineError) {
                try lane.start(name: "lane-\(index)")
            } catch {
                ending.laneEnded()
                queue.stop()
                throw error
            }
        }
    }

    /// Starts a lane in the place of one whose job does not return; ``stop()`` does not wait for that one.
    ///
    /// - Throws: ``EngineError`` `outOfMemory` when the system has no thread left.
    package func replaceHungLane() throws(EngineError) {
        let lane = Lane(queue: queue, ending: ending)
        try lane.start(name: "lane-new")
    }

    /// To be called by a job whose lane was replaced, should it return after all: one lane then ends.
    package func hungLaneReturned() { queue.dropLane() }

    /// Takes no more jobs, lets those submitted finish, and returns when every lane has ended. May be called twice.
    package func stop() async {
        queue.stop()
        await ending.wait()
    }

    deinit { queue.stop() }
}

/// Counts running lanes and tells when the last has ended.
final class LaneEnding: Sendable {
    private struct State {
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func laneStarts() { state.withLock { $0.running += 1 } }

    func laneEnded() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> Bool in
                guard state.running > 0 else { return true }
                state.waiters.append(continuation)
                return false
            }
            if ended { continuation.resume() }
        }
    }
}
