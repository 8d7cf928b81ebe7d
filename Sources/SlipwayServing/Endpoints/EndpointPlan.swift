// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides which versions of an endpoint to load, to route to, to keep for a rollback and to retire.
///
/// Events change facts; after each one the plan works out what follows from all facts together. The revision that
/// answers stays in force until the next one's primary is ready; one whose primary fails never comes into force.
/// Loads are told apart by a number, so that late news of an abandoned load does nothing.
package struct EndpointPlan: Sendable, Equatable {
    package typealias LoadID = Int
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Sendable, Equatable {
        case load(LoadID, LoadNeed)
        /// Route requests by this revision and these loads from now on; `nil` while none can answer.
        case route(Routes?)
        case retire(LoadID)
    }

    /// What requests follow.
    package struct Routes: Sendable, Equatable {
        package let assignment: EndpointAssignment
        /// The loads that are ready.
        package let loads: [VersionID: LoadID]
    }

    /// What a load is there for.
    package enum Role: Sendable, Equatable {
        /// Requests may go to it.
        case serving
        /// The revision that is to come into force needs it.
        case coming
        /// It answered until lately, and waits for a rollback.
        case standby
        case leaving
    }

    private enum Phase: Sendable, Equatable {
        case loading, ready, leaving
        case failed(at: Instant)
    }

    private struct Load: Sendable, Equatable {
        let need: LoadNeed
        var phase = Phase.loading
        /// Until when it is kept although no revision needs it.
        var standbyUntil: Instant?

        /// Ready, or about to be.
        var isAlive: Bool { phase == .loading || phase == .ready }
    }

    /// How long after a failure a request makes a version be loaded again, where it is loaded on demand.
    static let retryDelay: Duration = .seconds(5)
    /// How long a version that was replaced stays in memory where the endpoint does not say.
    static let defaultRollbackWindow: Duration = .seconds(600)

    package private(set) var desired: EndpointAssignment?
    /// The revision that requests follow.
    package private(set) var active: EndpointAssignment?
    /// Nothing is in memory until somebody asks.
    package private(set) var isCold = false
    /// Whether requests may wait for the primary: it is being loaded, and because of them or instead of its
    /// predecessor.
    package var isAwaited: Bool {
        guard let desired, active == nil, !isCold else { return false }
        let isLoading = loads.values.contains { $0.need == desired.primaryNeed && $0.phase == .loading }
        let comesLater = desired.spec.lifecycle.policy == .resource && loads.values.contains { $0.phase == .leaving }
        return (isLoading && (wasCold || desired.spec.lifecycle.policy == .resource)) || comesLater
    }
    /// What is being loaded is loaded for a request.
    private var wasCold = false
    private var loads: [LoadID: Load] = [:]
    private var routed: Routes?
    private var lastID: LoadID = 0

    package init() {}

    // MARK: - Events

    /// The registry's desired state was read; `nil` when the endpoint is undeployed.
    package mutating func desire(_ assignment: EndpointAssignment?, now: Instant) -> [Action] {
        guard assignment != desired else { return [] }
        let wasWarm = active != nil || loads.values.contains(where: \.isAlive)
        desired = assignment
        isCold = assignment?.spec.lifecycle.loading == .onDemand && !wasWarm
        dropFailed { _ in true }
        return settle(now)
    }

    /// A request came for an endpoint that may be cold.
    package mutating func requested(now: Instant) -> [Action] {
        guard desired != nil else { return [] }
        if wasCold || desired?.spec.lifecycle.loading == .onDemand { dropFailed { now - $0 >= Self.retryDelay } }
        if isCold { wasCold = true }
        isCold = false
        return settle(now)
    }

    package mutating func becameReady(_ id: LoadID, now: Instant) -> [Action] {
        guard loads[id]?.phase == .loading else { return [] }
        loads[id]?.phase = .ready
        return settle(now)
    }

    package mutating func failed(_ id: LoadID, now: Instant) -> [Action] {
        guard let load = loads[id] else { return [] }
        if load.phase == .loading { loads[id]?.phase = .failed(at: now) } else { loads[id] = nil }
        return settle(now)
    }

    /// The load's memory was given back.
    package mutating func unloaded(_ id: LoadID, now: Instant) -> [Action] {
        loads[id] = nil
        return settle(now)
    }

    /// The memory is needed elsewhere, or nobody asked for long: everything goes until the next request.
    package mutating func evict(now: Instant) -> [Action] {
        guard desired != nil else { return [] }
        isCold = true
        return settle(now)
    }

    /// The memory of versions that wait for a rollback is needed.
    package mutating func dropStandby(now: Instant) -> [Action] {
        for id in loads.keys { loads[id]?.standbyUntil = nil }
        return settle(now)
    }

    /// Time passed.
    package mutating func tick(now: Instant) -> [Action] { settle(now) }

    /// When ``tick(now:)`` has something to do next.
    package var nextTick: Instant? { loads.values.compactMap { $0.isAlive ? $0.standbyUntil : nil }.min() }

    // MARK: - What follows

    private mutating func settle(_ now: Instant) -> [Action] {
        activate(now)
        var actions = retireWhatNobodyNeeds(now)
        // Before the loads go, requests must no longer be sent to them.
        if let change = routesChange() { actions.insert(.route(change.routes), at: 0) }
        return actions + loadWhatIsNeeded()
    }

    /// Puts the desired revision into force where its primary is ready.
    private mutating func activate(_ now: Instant) {
        guard let desired, !isCold else {
            active = nil
            return
        }
        guard desired != active, ready(desired.primaryNeed) != nil else {
            if desired != active, desired.spec.lifecycle.policy == .resource { active = nil }
            return
        }
        let window = desired.spec.rollbackWindow
        let needs = Set(desired.needs)
        let previous = Set(active?.needs ?? []).subtracting(needs)
        for (id, load) in loads where load.isAlive {
            if needs.contains(load.need) {
                loads[id]?.standbyUntil = nil
            } else if previous.contains(load.need), window > .zero {
                loads[id]?.standbyUntil = now + window
            } else if !previous.isEmpty {
                // Only the revision before this one is kept.
                loads[id]?.standbyUntil = nil
            }
        }
        active = desired
        wasCold = false
    }

    private mutating func retireWhatNobodyNeeds(_ now: Instant) -> [Action] {
        var needed = Set(active?.needs ?? [])
        if let desired, !isCold { needed.formUnion(desired.needs) }
        var actions: [Action] = []
        for (id, load) in loads.sorted(by: { $0.key < $1.key }) where !needed.contains(load.need) {
            if case .failed = load.phase { loads[id] = nil }
            let isStandby = desired != nil && !isCold && load.standbyUntil.map { $0 > now } == true
            guard load.isAlive, !isStandby else { continue }
            loads[id]?.phase = .leaving
            actions.append(.retire(id))
        }
        return actions
    }

    private mutating func loadWhatIsNeeded() -> [Action] {
        guard let desired, !isCold else { return [] }
        // The old version's memory is what the new one is to have.
        if desired.spec.lifecycle.policy == .resource, loads.values.contains(where: { $0.phase == .leaving }) {
            return []
        }
        var actions: [Action] = []
        for need in desired.needs where !loads.values.contains(where: { $0.need == need && $0.phase != .leaving }) {
            lastID += 1
            loads[lastID] = Load(need: need)
            actions.append(.load(lastID, need))
        }
        return actions
    }

    private mutating func routesChange() -> (routes: Routes?, Void)? {
        let routes = active.map { active in
            var ids: [VersionID: LoadID] = [:]
            for need in active.needs { ids[need.version] = ready(need) }
            return Routes(assignment: active, loads: ids)
        }
        guard routes != routed else { return nil }
        routed = routes
        return (routes, ())
    }

    private func ready(_ need: LoadNeed) -> LoadID? {
        loads.first { $0.value.need == need && $0.value.phase == .ready }?.key
    }

    private mutating func dropFailed(_ isOld: (Instant) -> Bool) {
        loads = loads.filter { if case .failed(let at) = $0.value.phase { !isOld(at) } else { true } }
    }

    // MARK: - Looking at it

    /// What a load is there for now; `nil` when the plan knows it no longer.
    package func role(of id: LoadID) -> Role? {
        guard let load = loads[id] else { return nil }
        if load.phase == .leaving { return .leaving }
        if active?.needs.contains(load.need) == true { return .serving }
        if desired?.needs.contains(load.need) == true { return .coming }
        return .standby
    }
}

extension EndpointSpec {
    /// How long replaced versions stay in memory; none where memory is what the policy saves.
    var rollbackWindow: Duration {
        if lifecycle.policy == .resource { return .zero }
        return lifecycle.rollbackWindowSeconds.map { .bounded(seconds: $0) } ?? EndpointPlan.defaultRollbackWindow
    }
}
