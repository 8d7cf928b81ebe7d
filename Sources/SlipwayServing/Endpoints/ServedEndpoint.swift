// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import Synchronization

/// One endpoint on this replica: carries out what ``EndpointPlan`` and ``VersionLifecycle`` decide.
package final class ServedEndpoint: Sendable {
    struct Slot {
        let need: LoadNeed
        let startedAt: ContinuousClock.Instant
        var lifecycle = VersionLifecycle()
        var loaded: LoadedVersion?
        /// Goes after the version.
        var room: MemoryRoom?
        var failure: (any Error)?
    }

    struct State {
        var plan = EndpointPlan()
        var slots: [EndpointPlan.LoadID: Slot] = [:]
        var table: RouteTable?
        var recorded = RecordedInputs()
        /// How long each version took to load when it was loaded last.
        var loadTimes: [VersionID: Duration] = [:]
        /// The primary of the revision before the one in force.
        var previous: VersionID?
    }

    package let name: String
    package let admission: AdmissionController
    let context: ServingContext
    package let cache = AnswerCache()
    let mirror: ShadowMirror
    let state = Mutex(State())
    let bell = ReadinessBell()
    /// Held while settings are put into force, so that those of the latest revision are the last.
    private let adopting = Mutex(())

    init(name: String, context: ServingContext) {
        self.name = name
        self.context = context
        admission = AdmissionController(limits: context.configuration.limits)
        mirror = ShadowMirror(endpoint: name, context: context)
    }

    /// A version that requests may go to now; `nil` where it is not in memory.
    func loaded(_ version: VersionID) -> LoadedVersion? { state.withLock { $0.table?.versions[version] } }

    // MARK: - Requests

    /// The version that is ready now: the primary of the revision in force, or the one asked for by number.
    ///
    /// - Throws: ``ServingError`` `notReady`, `unknownVersion` or `unknownEndpoint`.
    package func version(_ number: Int?) throws(ServingError) -> LoadedVersion {
        if let version = find(number) { return version }
        throw missing(number)
    }

    /// As ``version(_:)``, but waits for a version that comes into memory because it is asked for.
    package func readyVersion(
        _ number: Int?, until deadline: ContinuousClock.Instant? = nil, _ cancellation: CancellationFlag
    ) async throws -> LoadedVersion {
        while true {
            let rings = bell.rings
            if let version = find(number) { return version }
            guard wake() else { throw missing(number) }
            try await wait(after: rings, until: deadline, cancellation)
        }
    }

    /// Where a request goes; waits for a version that comes into memory because it is asked for.
    func choose(_ request: InferenceRequest) async throws -> RouteChoice {
        if let number = request.version {
            let version = try await readyVersion(number, until: request.deadline, request.cancellation)
            let settings = state.withLock { $0.table?.settings } ?? RequestSettings()
            return RouteChoice(version: version, kind: .direct, shadows: [], settings: settings)
        }
        while true {
            let table = state.withLock { $0.table }
            if let choice = table?.route(request.caller, conversation: request.conversation) { return choice }
            let rings = bell.rings
            let later = state.withLock { $0.table }
            if let choice = later?.route(request.caller, conversation: request.conversation) { return choice }
            guard wake() else { throw missing(nil) }
            try await wait(after: rings, until: request.deadline, request.cancellation)
        }
    }

    /// Every version that could answer now, by number.
    package var readyVersions: [LoadedVersion] {
        state.withLock { state in
            state.slots.values.filter { $0.lifecycle.state == .ready }.compactMap(\.loaded)
        }.sorted { $0.id < $1.id }
    }

    private func find(_ number: Int?) -> LoadedVersion? {
        state.withLock { state in
            guard let number else { return state.table?.primary }
            if let primary = state.table?.primary, primary.id.number == number { return primary }
            return state.slots.values.first { $0.loaded?.id.number == number && $0.lifecycle.state == .ready }?.loaded
        }
    }

    /// Has what is cold loaded.
    ///
    /// - Returns: Whether it is worth waiting for.
    private func wake() -> Bool {
        let now = ContinuousClock.now
        let actions = decide { $0.requested(now: now) }
        // Nothing new is no news: whoever waits would look again for ever.
        if !actions.isEmpty { perform(actions) }
        return state.withLock { $0.plan.isAwaited }
    }

    private func wait(
        after rings: UInt64, until deadline: ContinuousClock.Instant?, _ cancellation: CancellationFlag
    ) async throws {
        // Before admission, which needs a version: bounded here.
        guard bell.waitingCount < context.configuration.limits.requests else {
            throw ServingError.notReady(name, why: "too many requests wait for it to be loaded")
        }
        await bell.wait(after: rings, until: deadline, cancellation)
        if cancellation.isCancelled { throw ServingError.cancelled }
        if let deadline, deadline <= .now { throw ServingError.deadlineExceeded }
    }

    /// Why there is no such version to answer.
    private func missing(_ number: Int?) -> ServingError {
        let (isClosed, isServing, failure) = state.withLock { state in
            let failed = state.slots.values.first { $0.need.version == state.plan.desired?.spec.primary }?.failure
            return (state.plan.desired == nil, state.table?.primary != nil, failed as? ServingError)
        }
        if isClosed { return .unknownEndpoint(name) }
        if let number, isServing { return .unknownVersion(number, endpoint: name) }
        if let failure, failure.code == .outOfMemory { return failure }
        let status = status()
        if let number, let wanted = status.wanted, wanted.number != number {
            return .unknownVersion(number, endpoint: name)
        }
        return .notReady(name, why: status.message ?? status.state)
    }

    // MARK: - Desired state

    package func desire(_ assignment: EndpointAssignment?) {
        let now = ContinuousClock.now
        perform(decide { $0.desire(assignment, now: now) })
    }

    /// How often shadows agreed, by version.
    package var shadowTallies: [VersionID: ShadowTally] { mirror.tallies }

    /// Whether every version is gone from memory.
    package var isEmpty: Bool { state.withLock { $0.slots.values.allSatisfy { $0.lifecycle.isOver } } }

    /// Does what time asks for: lets go of versions whose rollback window is over, looks after engine calls.
    func tick(now: ContinuousClock.Instant) {
        let (isDue, loaded) = state.withLock { state in
            (state.plan.nextTick.map { $0 <= now } ?? false, state.slots.values.compactMap(\.loaded))
        }
        if isDue { perform(decide { $0.tick(now: now) }) }
        for version in loaded { version.runner.checkCalls(now: now) }
    }

    // MARK: - Actions

    /// Takes one decision, and does what of it must be done before anybody else decides: a load has its slot before
    /// it can be retired, and requests follow the routes of the latest decision.
    func decide(_ decision: (inout EndpointPlan) -> [EndpointPlan.Action]) -> [EndpointPlan.Action] {
        state.withLock { state in
            let actions = decision(&state.plan)
            for action in actions {
                switch action {
                case .load(let id, let need): state.slots[id] = Slot(need: need, startedAt: .now)
                case .route(let routes): state.follow(routes)
                case .retire: break
                }
            }
            // A load that failed is kept as long as the plan counts with it, for status to tell why.
            state.slots = state.slots.filter { !$0.value.lifecycle.isOver || state.plan.role(of: $0.key) != nil }
            return actions
        }
    }

    /// Carries out what was decided, and has those that wait look again.
    func perform(_ actions: [EndpointPlan.Action]) {
        for action in actions {
            switch action {
            case .load(let id, let need): Task { await prepare(id, need) }
            case .retire(let id): retire(id)
            case .route: adopt()
            }
        }
        bell.ring()
    }

    /// Puts settings of the revision in force into force that need no new load.
    private func adopt() {
        let slots = adopting.withLock { _ in
            let (spec, slots) = state.withLock { state in
                (state.table?.assignment.spec, state.slots.map { ($0.value, state.plan.role(of: $0.key)) })
            }
            if let spec { adopt(spec, slots) }
            return slots
        }
        // Let go of here, without the lock: one that is on its way out may go with this, and its room make others move.
        _ = consume slots
    }

    private func adopt(_ spec: EndpointSpec, _ slots: [(Slot, EndpointPlan.Role?)]) {
        admission.update(
            limits: AdmissionLimits(spec.limits, defaults: context.configuration.limits), quota: spec.limits.quota,
            clientQuota: spec.limits.clientQuota)
        cache.resize(to: spec.cacheBytes)
        mirror.keep(Set(spec.shadows.map(\.version)))
        let answering = Set([spec.primary] + spec.canaries.map(\.version) + spec.rules.map(\.version))
        for (slot, role) in slots {
            let version = slot.need.version
            slot.room?.adopt(ResidencyPolicy(spec.lifecycle), role)
            // One that was replaced still owes answers: only what gets nothing but copies gives way.
            let isShadow = spec.shadows.contains { $0.version == version } && !answering.contains(version)
            slot.loaded?.runner.adopt(spec, isShadow: isShadow)
            slot.loaded?.language?.runner?.adopt(isShadow: isShadow)
        }
    }
}

extension ServedEndpoint.State {
    fileprivate mutating func follow(_ routes: EndpointPlan.Routes?) {
        let before = table?.assignment.spec.primary
        if let before, let after = routes?.assignment.spec.primary, before != after { previous = before }
        table = routes.map { routes in
            RouteTable(routes.assignment, versions: routes.loads.compactMapValues { slots[$0]?.loaded })
        }
    }
}
