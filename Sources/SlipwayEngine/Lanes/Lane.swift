// SPDX-License-Identifier: Apache-2.0

/// One thread that runs a queue's jobs, one after another.
struct Lane: Sendable {
    let queue: LaneQueue
    let ending: LaneEnding
    private let signal = LaneSignal()

    init(queue: LaneQueue, ending: LaneEnding) {
        self.queue = queue
        self.ending = ending
    }

    /// Starts the thread, which ends when the queue is stopped and empty, or has a lane too many.
    func start(name: String) throws(EngineError) {
        try DedicatedThread.start(name: name) {
            if !queue.work(sleepingOn: signal) { ending.laneEnded() }
        }
    }
}
