// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

extension MonitoringLoop {
    /// How long a replica leads after its last deed: another one takes over after that.
    static let leaseDuration: Duration = .seconds(5)

    /// Lets guards act on the alerts that fire. Of replicas that see the same, the one that leads the endpoint acts.
    func act(on firing: [Alert]) async {
        guard !firing.isEmpty else { return }
        let guarded = state.withLock { $0.endpoints.filter { !$0.value.spec.monitoring.guards.isEmpty } }
        for (endpoint, watch) in guarded.sorted(by: { $0.key < $1.key }) {
            let alerts = firing.filter { $0.key.endpoint == endpoint }
            // First without a trace: most of the time there is nothing to do, and nobody need lead for it.
            guard !alerts.isEmpty, !plan(alerts, watch, keeps: false).isEmpty,
                await holds("guards/\(endpoint)", for: Self.leaseDuration), await readDecisions(of: endpoint)
            else { continue }
            for action in plan(alerts, watch, keeps: true) { await perform(action, watch) }
        }
    }

    private func plan(_ alerts: [Alert], _ watch: Watched, keeps: Bool) -> [GuardAction] {
        let now = parts.clock()
        let endpoint = watch.revision.endpoint
        return state.withLock { state in
            var planner = state.guards
            let actions = planner.plan(
                firing: alerts, endpoint: endpoint, spec: watch.spec,
                recentDecisions: state.decisions.filter { $0.endpoint == endpoint }, at: now)
            if keeps { state.guards = planner }
            return actions
        }
    }

    /// Others may have acted since.
    private func readDecisions(of endpoint: String) async -> Bool {
        do {
            let recorded = try await parts.store.decisions(of: endpoint, limit: Self.decisionsRead)
            state.withLock { state in
                state.decisions.removeAll { $0.endpoint == endpoint }
                state.decisions += recorded
            }
            return true
        } catch {
            parts.warn("cannot read what guards did, so that none acts: \(error)")
            return false
        }
    }

    private static let decisionsRead = 200

    /// Takes or renews a lease; without a store that answers nobody has it.
    func holds(_ lease: String, for duration: Duration) async -> Bool {
        do {
            return try await parts.store.acquireLease(
                lease, holder: parts.replica, now: parts.clock(), duration: duration)
        } catch {
            parts.warn("cannot tell who leads: \(error)")
            return false
        }
    }

    private func perform(_ action: GuardAction, _ watch: Watched) async {
        var decision = action.decision(at: parts.clock(), replica: parts.replica)
        if action.mustAct {
            do {
                let done = try await deed(action, watch)
                decision = action.decision(
                    at: parts.clock(), replica: parts.replica, text: "\(done) (\(action.reason))")
                // What an alert of the whole endpoint was about is what does not answer any more.
                if decision.version == nil, action.action.changesRoutes { decision.version = dropped(since: watch) }
            } catch {
                let now = parts.clock()
                state.withLock { $0.guards.failed(action, at: now) }
                decision = action.decision(
                    at: now, replica: parts.replica, text: "\(error) (\(action.reason))", outcome: .failed)
            }
        }
        await record(decision)
    }

    private func dropped(since watch: Watched) -> VersionID? {
        let now = state.withLock { $0.endpoints[watch.revision.endpoint]?.spec.versions } ?? []
        return watch.spec.versions.first { !now.contains($0) }
    }

    /// Keeps a decision for ever and tells those that follow events.
    private func record(_ decision: GuardDecision) async {
        state.withLock { state in
            state.decisions.append(decision)
            if state.decisions.count > Self.decisionsRemembered { state.decisions.removeFirst() }
        }
        do {
            try await parts.store.append(decision)
        } catch {
            parts.warn("cannot record what guard '\(decision.guardName)' decided: \(error)")
        }
        events.publish(decision)
        parts.metrics?.count(decision)
    }

    private static let decisionsRemembered = 4096

    /// Does what a guard decided.
    ///
    /// - Returns: What was done, in words.
    private func deed(_ action: GuardAction, _ watch: Watched) async throws -> String {
        switch action.action {
        case .stopRollout:
            return try await change(action, watch) { spec in spec.rollout = nil }
        case .shiftTraffic:
            return try await change(action, watch) { spec in
                spec.rollout = nil
                // Others may be well.
                spec.canaries.removeAll { action.version == nil || $0.version == action.version }
            }
        case .fallback:
            guard let fallback = action.fallback else {
                throw ControlError(.invalidRequest, "guard '\(action.guardName)' names no fallback")
            }
            return try await change(action, watch) { spec in
                spec.primary = fallback
                spec.rollout = nil
                spec.canaries = []
                spec.rules = []
            }
        case .rollBack:
            let good = try await goodSpec(before: watch.revision, action)
            return try await change(action, watch) { spec in
                let monitoring = spec.monitoring
                spec = good
                // The rules that found the fault stay in force.
                spec.monitoring = monitoring
            }
        case .page, .retrain:
            guard tell(action) > 0 else {
                throw ControlError(
                    .invalidRequest, "no receiver of monitoring.yaml takes it: \(action.receiver ?? "there is none")")
            }
            return "\(action.receiver ?? "all receivers") told"
        }
    }

    /// Makes a revision, without the checks that administration makes: every version in it served before.
    private func change(
        _ action: GuardAction, _ watch: Watched, _ edit: (inout EndpointSpec) -> Void
    ) async throws -> String {
        var watch = watch
        var attempts = 0
        while true {
            attempts += 1
            var spec = watch.spec
            edit(&spec)
            do {
                let revision = try await parts.registry.appendRevision(
                    of: action.endpoint, spec: spec, reason: "guard \(action.guardName)",
                    expected: watch.revision.number)
                // The next look is at the new routes.
                await follow()
                return "revision \(revision.number): \(watch.spec.routeText) -> \(spec.routeText)"
            } catch let error as RegistryError where error.code == .conflict && attempts < 3 {
                // Somebody else made a revision meanwhile, a rollout's next step perhaps.
                await follow()
                guard let newest = state.withLock({ $0.endpoints[action.endpoint] }) else { throw error }
                watch = newest
            }
        }
    }

    /// The newest spec before a revision whose versions nothing was held against: no alert that fires, no guard of the
    /// last day. It comes back without its canaries and its rollout.
    private func goodSpec(before current: EndpointRevision, _ action: GuardAction) async throws -> EndpointSpec {
        let now = parts.clock()
        let (open, decisions) = state.withLock { ($0.open, $0.decisions) }
        var bad = Set(action.evidence.compactMap(\.key.version))
        bad.formUnion(
            open.filter { $0.state == .firing && $0.key.endpoint == current.endpoint }.compactMap(\.key.version))
        let day = decisions.filter {
            $0.endpoint == current.endpoint && $0.outcome == .acted
                && now.milliseconds - $0.at.milliseconds < Int64(GuardPlanner.deedWindowSeconds * 1000)
        }
        bad.formUnion(day.compactMap(\.version))
        let earlier = try await parts.registry.revisions(of: current.endpoint).filter { $0.number < current.number }
        for spec in earlier.reversed().compactMap(\.spec) where !bad.contains(spec.primary) {
            var good = spec
            good.canaries = []
            good.rollout = nil
            good.rules.removeAll { bad.contains($0.version) }
            good.shadows.removeAll { bad.contains($0.version) }
            // An alert of the endpoint as a whole names no version: then at least the versions must be others.
            if current.spec?.versions == good.versions { continue }
            return good
        }
        throw ControlError(
            .invalidRequest,
            "endpoint '\(current.endpoint)' has no earlier revision whose versions nothing was held against")
    }

    /// - Returns: How many receivers take it.
    private func tell(_ action: GuardAction) -> Int {
        let notice = AlertNotice(
            endpoint: action.endpoint, rule: "guard \(action.guardName)", severity: .critical,
            alerts: action.evidence, at: parts.clock())
        return parts.deliver(notice, action.receiver.map { [$0] } ?? [])
    }
}
