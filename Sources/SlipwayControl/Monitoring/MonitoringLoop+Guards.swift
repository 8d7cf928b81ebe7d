// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

extension MonitoringLoop {
    /// The lease that lets one replica act for all.
    static let guardLease = "guards"
    static let leaseDuration: Duration = .seconds(15)

    /// Lets guards act on the alerts that fire, in the one replica that leads.
    func act(on firing: [Alert]) async {
        guard !firing.isEmpty else { return }
        let endpoints = state.withLock { state in
            state.endpoints.filter { !$0.value.spec.monitoring.guards.isEmpty }
        }
        let meant = endpoints.filter { name, _ in firing.contains { $0.key.endpoint == name } }
        guard !meant.isEmpty, await leads() else { return }
        for (endpoint, watch) in meant.sorted(by: { $0.key < $1.key }) {
            let now = parts.clock()
            let actions = state.withLock { state in
                state.guards.plan(
                    firing: firing, endpoint: endpoint, spec: watch.spec,
                    recentDecisions: state.decisions.filter { $0.endpoint == endpoint }, at: now)
            }
            for action in actions { await perform(action, watch) }
        }
    }

    private func leads() async -> Bool {
        do {
            return try await parts.store.acquireLease(
                Self.guardLease, holder: parts.replica, now: parts.clock(), duration: Self.leaseDuration)
        } catch {
            parts.warn("cannot tell who leads, so that no guard acts here: \(error)")
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
            } catch {
                let now = parts.clock()
                state.withLock { $0.guards.failed(action, at: now) }
                decision = action.decision(
                    at: now, replica: parts.replica, text: "\(error) (\(action.reason))", outcome: .failed)
            }
        }
        await record(decision)
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
                spec.canaries = []
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
            let good = try await revision(without: action.version, before: watch.revision)
            return try await change(action, watch) { spec in
                let monitoring = spec.monitoring
                spec = good
                // The rules that found the fault stay in force.
                spec.monitoring = monitoring
            }
        case .page, .retrain:
            tell(action)
            return "\(action.receiver ?? "all receivers") told"
        }
    }

    private func change(
        _ action: GuardAction, _ watch: Watched, _ edit: (inout EndpointSpec) -> Void
    ) async throws -> String {
        var spec = watch.spec
        edit(&spec)
        let revision = try await control.apply(
            spec, to: action.endpoint, expected: watch.revision.number, reason: "guard \(action.guardName)",
            allowSignatureChange: true)
        // The next look is at the new routes.
        await follow()
        return "revision \(revision.number): \(watch.spec.routeText) -> \(spec.routeText)"
    }

    /// The newest spec before a revision in which the version has no part.
    private func revision(without version: VersionID?, before current: EndpointRevision) async throws -> EndpointSpec {
        let earlier = try await parts.registry.revisions(of: current.endpoint).filter { $0.number < current.number }
        let good = earlier.reversed().compactMap(\.spec).first { spec in
            guard let version else { return spec.versions != current.spec?.versions }
            return !spec.versions.contains(version)
        }
        if let good { return good }
        // A canary can go although no revision was without it.
        if var spec = current.spec, let version, spec.primary != version {
            spec.canaries.removeAll { $0.version == version }
            spec.rules.removeAll { $0.version == version }
            spec.shadows.removeAll { $0.version == version }
            spec.rollout = nil
            return spec
        }
        throw ControlError(
            .invalidRequest, "there is no earlier revision of endpoint '\(current.endpoint)' to go back to")
    }

    private func tell(_ action: GuardAction) {
        let notice = AlertNotice(
            endpoint: action.endpoint, rule: "guard \(action.guardName)", severity: .critical,
            alerts: action.evidence, at: parts.clock())
        parts.deliver(notice, action.receiver.map { [$0] } ?? [])
    }
}
