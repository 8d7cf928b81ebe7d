// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// Runs the requests of one loaded version in batches on its lanes: carries out what ``BatchPlanner`` decides.
///
/// A request asks for a lane as long as not all are working. A lane that has its cores takes what the planner gives
/// it, and gives its cores back after each call, so that the versions of a replica take turns.
final class BatchRunner: Sendable {
    private let model: any TensorModel
    private let version: VersionID
    let rules: BatchRules
    private let assembly: BatchAssembly
    private let check: AnswerCheck
    private let notes: [String]
    private let lanes: LaneGroup
    private let laneCount: Int
    private let cores: VersionCores
    private let observe: @Sendable (Int, InferenceTimings) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - observe: Called after each engine call that succeeded, with its rows and times.
    init(
        _ model: any TensorModel, _ version: VersionID, lanes: LaneGroup, cores: VersionCores, batching: BatchSetup,
        observe: @escaping @Sendable (Int, InferenceTimings) -> Void
    ) {
        self.model = model
        self.version = version
        self.lanes = lanes
        self.cores = cores
        self.observe = observe
        laneCount = lanes.laneCount
        rules = batching.rules
        notes = batching.notes
        assembly = BatchAssembly(padding: batching.rules.padding)
        check = AnswerCheck(version, model.signature)
        state = Mutex(
            State(
                planner: BatchPlanner(policy: batching.policy, curve: batching.curve),
                callLimit: batching.callLimit, reasonAlone: batching.reasonAlone))
    }

    // MARK: - Requests

    /// Queues a request for the lanes.
    ///
    /// - Returns: The number to withdraw it by.
    func submit(_ pending: PendingInference, _ request: InferenceRequest) -> UInt64 {
        let form = rules.form(of: request.inputs, requestedOutputs: request.requestedOutputs)
        let (id, wakes) = state.withLock { state -> (UInt64, CoreUrgency?) in
            state.lastID += 1
            let id = state.lastID
            state.waiting[id] = pending
            state.planner.add(
                WaitingRequest(
                    id: id, rows: pending.rows, client: request.caller.identity.hashValue, priority: request.urgency,
                    arrivedAt: pending.queuedAt,
                    deadline: request.deadline,
                    form: state.reasonAlone == nil ? form.map(Form.shared) ?? .alone(id) : .alone(id),
                    splits: form != nil && state.reasonAlone == nil))
            return (id, state.wake(laneCount))
        }
        if let wakes { wakeLane(wakes) }
        return id
    }

    /// Takes back a request whose answer nobody wants; does nothing when it does not wait any more.
    func withdraw(_ id: UInt64) {
        state.withLock { state in
            _ = state.planner.remove(id)
            state.waiting[id] = nil
        }
    }

    /// How long a request that came now would wait.
    var predictedWait: Duration {
        state.withLock { $0.planner.predictedWait(lanes: laneCount, busy: $0.busy) }
    }

    // MARK: - Lanes

    private func wakeLane(_ urgency: CoreUrgency) {
        cores.acquire(urgency) { [self] in
            if !lanes.queue.submit({ self.work() }) { refuse() }
        }
    }

    /// What a lane does once it has its cores.
    private func work() {
        guard let call = nextCall() else { return cores.release() }
        let keepsLane = run(call)
        guard keepsLane else { return comeBackLate() }
        let goesOn = state.withLock { state -> CoreUrgency? in
            guard state.isIdle else { return state.urgency }
            state.awake -= 1
            return nil
        }
        // Asked for before they are given back: else demands in the background would always find a moment in which
        // nobody else asks.
        if let goesOn { wakeLane(goesOn) }
        cores.release()
    }

    /// A lane whose call was given up is back: one too many where it has a successor, welcome where it has none.
    private func comeBackLate() {
        let urgency = state.withLock { state -> CoreUrgency? in
            state.hung -= 1
            guard state.missingLanes > 0 else { return nil }
            state.missingLanes -= 1
            return state.urgency
        }
        if let urgency { wakeLane(urgency) } else { lanes.hungLaneReturned() }
    }

    /// The next call, begun in the books; `nil` when the lane has nothing to do, which then sleeps.
    private func nextCall() -> EngineCall? {
        let now = ContinuousClock.now
        typealias Step = (call: EngineCall?, expired: [PendingInference], wakeUp: ContinuousClock.Instant?)
        let (call, expired, wakeUp) = state.withLock { state -> Step in
            if let retry = state.retries.popLast() { return (state.begin([retry], now: now), [], nil) }
            let step = state.planner.next(now: now, idleLanes: max(1, laneCount - state.busy))
            let expired = state.planner.takeExpired(now: now).compactMap { state.waiting.removeValue(forKey: $0) }
            switch step {
            case .run(let batch):
                let parts = batch.portions.compactMap { portion -> EngineCall.Part? in
                    let pending = state.waiting[portion.id]
                    if portion.isLast {
                        state.waiting[portion.id] = nil
                    } else if pending?.request == nil {
                        // An earlier portion failed: the rest is of no use.
                        state.waiting[portion.id] = nil
                        _ = state.planner.remove(portion.id)
                    }
                    return pending.map { EngineCall.Part(pending: $0, rows: portion.rows) }
                }
                return (state.begin(parts, now: now), expired, nil)
            case .wait(let until):
                state.awake -= 1
                if let earlier = state.wakeUpAt, earlier <= until { return (nil, expired, nil) }
                state.wakeUpAt = until
                return (nil, expired, until)
            case .idle:
                state.awake -= 1
                return (nil, expired, nil)
            }
        }
        for pending in expired { pending.fail(ServingError.deadlineExceeded) }
        if let wakeUp { wake(at: wakeUp) }
        return call
    }

    /// Makes a lane look again when requests have waited for others long enough.
    private func wake(at instant: ContinuousClock.Instant) {
        Task { [weak self] in
            try? await Task.sleep(until: instant, clock: .continuous)
            guard let self else { return }
            let wakes = state.withLock { state -> CoreUrgency? in
                if state.wakeUpAt == instant { state.wakeUpAt = nil }
                return state.isIdle ? nil : state.wake(laneCount)
            }
            if let wakes { wakeLane(wakes) }
        }
    }

    /// The lanes are stopped: what still waits is refused.
    private func refuse() {
        cores.release()
        let left = state.withLock { state -> [PendingInference] in
            state.awake -= 1
            defer {
                state.waiting = [:]
                state.retries = []
            }
            for id in state.waiting.keys { _ = state.planner.remove(id) }
            return state.waiting.values + state.retries.map(\.pending)
        }
        for pending in left { pending.fail(ServingError.draining) }
    }

    // MARK: - Calls

    /// Makes the call and hands out its answers.
    ///
    /// - Returns: `false` when the call came back after it was given up: the lane has a successor.
    private func run(_ call: EngineCall) -> Bool {
        let (outcome, tell) = call.run(on: model, assembly: assembly, check: check)
        let isKnown = state.withLock { state -> Bool in
            guard state.calls.removeValue(forKey: call.id) != nil else { return false }
            state.watchdog.ended(call.id)
            state.busy -= 1
            if case .answered(let rows, let timings) = outcome {
                state.planner.executed(rows: rows, duration: timings.batch + timings.wholeCompute)
            }
            if case .contradicted(let reason) = outcome { state.runAlone(reason) }
            return true
        }
        guard isKnown else { return false }
        switch outcome {
        case .answered(let rows, let timings): observe(rows, timings)
        case .failed, .contradicted: retryAlone(call)
        case .ended: break
        }
        tell()
        return true
    }

    /// One request of a batch may have made it fail: the others are not to suffer for it.
    private func retryAlone(_ call: EngineCall) {
        guard call.parts.count > 1 else { return }
        state.withLock { $0.retries = call.parts.reversed() + $0.retries }
    }

    // MARK: - Faults

    /// Looks after calls that take too long: stops them, and where they do not stop, gives their lanes successors.
    func checkCalls(now: ContinuousClock.Instant) {
        let (cancelled, abandoned) = state.withLock { state -> ([(EngineCall, Duration)], [EngineCall]) in
            var cancelled: [(EngineCall, Duration)] = []
            var abandoned: [EngineCall] = []
            for action in state.watchdog.overdue(now) {
                switch action {
                case .cancel(let id): if let call = state.calls[id] { cancelled.append((call, state.callLimit)) }
                case .abandon(let id):
                    guard let call = state.calls.removeValue(forKey: id) else { continue }
                    abandoned.append(call)
                    state.hung += 1
                    state.busy -= 1
                }
            }
            return (cancelled, abandoned)
        }
        for (call, limit) in cancelled { call.giveUp(ServingError.hung(version, after: limit)) }
        for _ in abandoned { cores.release() }
        replaceLanes(abandoned.count)
    }

    /// Starts successors for lanes that hang, those included that could not be had before.
    private func replaceLanes(_ count: Int) {
        var missing = state.withLock { state -> Int in
            defer { state.missingLanes = 0 }
            return state.missingLanes + count
        }
        while missing > 0 {
            do throws(EngineError) { try lanes.replaceHungLane() } catch { break }
            missing -= 1
            // The hung lane counted as awake; its successor does now.
            wakeLane(state.withLock { $0.urgency })
        }
        if missing > 0 { state.withLock { $0.missingLanes += missing } }
    }

    // MARK: - Settings and status

    /// Takes over settings that need no new load.
    ///
    /// - Parameter isShadow: Whether only copies come, for which nobody waits.
    func adopt(_ spec: EndpointSpec, isShadow: Bool) {
        let (wakes, rises) = state.withLock { state -> (CoreUrgency?, Bool) in
            var policy = BatchSetup.policy(spec, model)
            if state.reasonAlone != nil { policy.isBatching = false }
            if policy != state.planner.policy { state.planner.adopt(policy) }
            state.callLimit = BatchSetup.callLimit(spec, slowest: state.planner.curve.points.last?.seconds)
            let rises = state.urgency == .background && !isShadow
            state.urgency = isShadow ? .background : .normal
            // What waits for company may have waited long enough by now.
            return (state.isIdle ? nil : state.wake(laneCount), rises)
        }
        if rises { cores.becomeUrgent() }
        if let wakes { wakeLane(wakes) }
    }

    struct Status: Sendable {
        let waiting: Int
        let hungLanes: Int
        let batching: String
    }

    func status() -> Status {
        state.withLock { state in
            let explanation = state.planner.explanation
            let batching =
                state.reasonAlone.map { "not batched: \($0)" }
                ?? "up to \(explanation.chosenRows) rows a call: \(explanation.reason)"
            let text = ([batching] + notes).joined(separator: "; ")
            return Status(waiting: state.planner.waitingRequests, hungLanes: state.hung, batching: text)
        }
    }
}
