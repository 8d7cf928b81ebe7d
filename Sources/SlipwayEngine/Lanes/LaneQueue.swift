// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Jobs that wait for a lane; several lanes share one queue.
///
/// Not bounded here: admission bounds what its owner submits. A submitted job costs one wake-up of a sleeping lane,
/// and none when every lane is awake: a lane looks here again before it sleeps. The lane that went to sleep last is
/// woken first, for its caches are the warmest.
package final class LaneQueue: Sendable {
    package typealias Job = @Sendable () -> Void

    private struct State: ~Copyable {
        var jobs = JobRing<Job>()
        /// Sleeping lanes' wake-up signals; each is taken out by whoever then posts it, exactly once.
        var sleepers: [LaneSignal] = []
        var isStopped = false
        /// How many lanes are to end after the job they run, because others have taken their places.
        var surplus = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Jobs that no lane has begun.
    package var waitingCount: Int { state.withLock { $0.jobs.count } }

    /// Adds a job; the first free lane runs it.
    ///
    /// - Returns: `false`, and the job is dropped, when the queue was stopped.
    @discardableResult
    package func submit(_ job: @escaping Job) -> Bool {
        let (accepted, sleeper) = state.withLock { state -> (Bool, LaneSignal?) in
            guard !state.isStopped else { return (false, nil) }
            state.jobs.append(job)
            return (true, state.sleepers.popLast())
        }
        sleeper?.post()
        return accepted
    }

    /// Runs `body` on a lane and waits for its result without blocking a thread.
    ///
    /// - Throws: `body`'s error, or ``EngineError`` `cancelled` when the queue was stopped.
    package func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = submit { continuation.resume(with: Result(catching: body)) }
            guard !accepted else { return }
            continuation.resume(throwing: EngineError(code: .cancelled, message: "the model is being unloaded"))
        }
    }

    /// Takes no more jobs; lanes end once those already here have run.
    func stop() {
        let sleepers = state.withLock { state -> [LaneSignal] in
            state.isStopped = true
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.post() }
    }

    /// Lets one lane end after the job it runs: there is one too many.
    func dropLane() { state.withLock { $0.surplus += 1 } }

    /// What a lane does until the queue is stopped and empty, or the lane is one too many.
    ///
    /// - Returns: `true` for a lane that was one too many.
    func work(sleepingOn signal: LaneSignal) -> Bool {
        var hasWorked = false
        while true {
            let next = state.withLock { state -> Step in
                if hasWorked, state.surplus > 0 {
                    state.surplus -= 1
                    return .leave
                }
                if let job = state.jobs.popFirst() { return .run(job) }
                if state.isStopped { return .end }
                state.sleepers.append(signal)
                return .sleep
            }
            switch next {
            case .run(let job):
                job()
                hasWorked = true
            case .sleep: signal.wait()
            case .leave: return true
            case .end: return false
            }
        }
    }

    private enum Step {
        case run(Job)
        case sleep
        case leave
        case end
    }
}
