// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import Synchronization

extension MonitoringLoop {
    /// What one round of judging came to.
    private struct Judgement: Sendable {
        var outcome: RuleOutcome
        var took: Duration
    }

    /// Computes all signals, applies rules, tells and acts.
    ///
    /// - Returns: How long computing took.
    @discardableResult
    package func judge() async -> Duration {
        do {
            let judgement = try await lanes.queue.run { [self] in evaluate() }
            await tell(judgement.outcome)
            await act(on: judgement.outcome.firing)
            return judgement.took
        } catch {
            return Self.judgeInterval
        }
    }

    private func evaluate() -> Judgement {
        let startedAt = ContinuousClock.now
        let now = parts.clock()
        var report = book.report(at: now)
        let endpoints = state.withLock { $0.endpoints }
        for watch in endpoints.values {
            guard let join = watch.join else { continue }
            report.readings.merge(join.readings(at: now)) { _, quality in quality }
        }
        addHouse(to: &report, endpoints)
        let outcome = state.withLock { state in
            state.report = report
            state.history.add(report)
            let outcome = state.rules.evaluate(
                report, routes: endpoints.mapValues { Self.routes(of: $0.spec) }, silences: state.silences)
            state.open = state.rules.open
            return outcome
        }
        parts.metrics?.show(report)
        parts.metrics?.show(firing: outcome.firing)
        parts.metrics?.count(changed: outcome.changed)
        return Judgement(outcome: outcome, took: .now - startedAt)
    }

    /// What monitoring says of itself.
    private func addHouse(to report: inout SignalReport, _ endpoints: [String: Watched]) {
        let counts = queue.counts
        let offered = Double(max(1, counts.offered))
        let trouble = parts.capture?.trouble
        for (endpoint, watch) in endpoints {
            report.readings[SignalKey(endpoint: endpoint, version: nil, kind: .monitorDropRate)] = SignalReading(
                value: Double(counts.dropped) / offered, samples: Int(clamping: counts.offered),
                method: "dropped over offered since the start, all endpoints")
            guard watch.spec.monitoring.capture != nil, let capture = parts.capture else { continue }
            let told = capture.counts(of: endpoint)
            let all = Double(max(1, told["offered"] ?? 0))
            let kept = Double(told["kept"] ?? 0) + Double(told["waiting"] ?? 0)
            report.readings[SignalKey(endpoint: endpoint, version: nil, kind: .captureDropRate)] = SignalReading(
                value: max(0, 1 - kept / all), samples: told["offered"] ?? 0,
                method: "dropped over offered since the start")
            report.readings[SignalKey(endpoint: endpoint, version: nil, kind: .captureStopped)] = SignalReading(
                value: trouble == nil ? 0 : 1, samples: max(1, told["offered"] ?? 0), method: "state of the writer",
                explanation: trouble)
        }
    }

    /// What part each version plays.
    static func routes(of spec: EndpointSpec) -> [VersionID: RouteKind] {
        var routes: [VersionID: RouteKind] = [:]
        for shadow in spec.shadows { routes[shadow.version] = .shadow }
        for rule in spec.rules { routes[rule.version] = .rule }
        for canary in spec.canaries { routes[canary.version] = .canary }
        routes[spec.primary] = .primary
        return routes
    }

    /// Keeps alerts that changed, tells those that follow events, and hands notices out.
    private func tell(_ outcome: RuleOutcome) async {
        guard !outcome.changed.isEmpty || !outcome.notices.isEmpty else { return }
        let now = parts.clock()
        do {
            try await parts.store.save(outcome.changed)
        } catch {
            parts.warn("cannot store alerts: \(error)")
        }
        for alert in outcome.changed where alert.state != .pending { events.publish(alert, at: now) }
        let rules = state.withLock { $0.endpoints.mapValues { DefaultRules.effective(of: $0.spec.monitoring) } }
        for notice in outcome.notices {
            let rule = rules[notice.endpoint]?.first { $0.name == notice.rule }
            parts.deliver(notice, rule?.receivers ?? [])
        }
    }
}
