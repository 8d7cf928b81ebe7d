// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension BatchRunner {
    /// What requests must have in common to share a call; one that shares with nobody has a form of its own.
    enum Form: Hashable {
        case shared(BatchForm)
        case alone(UInt64)
    }

    struct State {
        var planner: BatchPlanner<Form>
        var waiting: [UInt64: PendingInference] = [:]
        var lastID: UInt64 = 0
        /// Lanes that work or are about to.
        var awake = 0
        /// Lanes inside a call.
        var busy = 0
        /// When a lane looks again at what waits for company.
        var wakeUpAt: ContinuousClock.Instant?
        /// Members of a call that failed, to be run alone. Any lane may take them: one of them may hang.
        var retries: [EngineCall.Part] = []
        var watchdog = CallWatchdog<UInt64>()
        var calls: [UInt64: EngineCall] = [:]
        /// Lanes whose calls did not return.
        var hung = 0
        /// Of those, how many have no successor, for want of a thread.
        var missingLanes = 0
        var callLimit: Duration
        var urgency = CoreUrgency.normal
        /// Why requests are not put together although they might be; `nil` when they are.
        var reasonAlone: String?

        var isIdle: Bool { planner.waitingRequests == 0 && retries.isEmpty }

        /// Counts one more lane as awake, unless all are.
        ///
        /// - Returns: How its cores are to be asked for; `nil` when no lane is to be woken.
        mutating func wake(_ laneCount: Int) -> CoreUrgency? {
            guard awake < laneCount else { return nil }
            awake += 1
            return urgency
        }

        /// Enters a call in the books.
        mutating func begin(_ parts: [EngineCall.Part], now: ContinuousClock.Instant) -> EngineCall {
            busy += 1
            lastID += 1
            let call = EngineCall(id: lastID, parts: parts)
            watchdog.began(call.id, limit: callLimit, now: now)
            calls[call.id] = call
            return call
        }

        /// From now on every request runs alone.
        mutating func runAlone(_ reason: String) {
            reasonAlone = reason
            var policy = planner.policy
            policy.isBatching = false
            planner.adopt(policy)
        }
    }
}

extension InferenceTimings {
    /// Inside the engine, from inputs to outputs.
    var wholeCompute: Duration { computeInput + compute + computeOutput }
}
