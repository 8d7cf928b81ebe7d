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
            // First: nothing that is slow stands before it.
            await act(on: judgement.outcome.firing)
            await tell(judgement.outcome)
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
        let trouble = parts.capture?.trouble
        let dropped = state.withLock {
            $0.observed.share(of: Double(counts.dropped), in: Double(counts.offered), at: report.at)
        }
        for (endpoint, watch) in endpoints {
            let key = { SignalKey(endpoint: endpoint, version: nil, kind: $0) }
            report.readings[key(.monitorDropRate)] = SignalReading(
                value: dropped.share, samples: dropped.count,
                method: "dropped over offered in the last minute, all endpoints")
            guard watch.spec.monitoring.capture != nil, let capture = parts.capture else { continue }
            let told = capture.counts(of: endpoint)
            let offered = told["offered"] ?? 0
            let lost = offered - (told["kept"] ?? 0) - (told["waiting"] ?? 0)
            let share = state.withLock {
                $0.captured[endpoint, default: RecentShare()].share(
                    of: Double(lost), in: Double(offered), at: report.at)
            }
            report.readings[key(.captureDropRate)] = SignalReading(
                value: share.share, samples: share.count, method: "dropped over offered in the last minute")
            // A state needs no samples.
            report.readings[key(.captureStopped)] = SignalReading(
                value: trouble == nil ? 0 : 1, samples: .max, method: "state of the writer", explanation: trouble)
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

    /// How long others leave a notice to the one that told it.
    private static let noticeLease: Duration = .seconds(60)

    /// Keeps alerts that changed, tells those that follow events, and hands notices out.
    private func tell(_ outcome: RuleOutcome) async {
        guard !outcome.changed.isEmpty || !outcome.notices.isEmpty else { return }
        let now = parts.clock()
        for alert in outcome.changed where alert.state != .pending { events.publish(alert, at: now) }
        var adopted: [Alert] = []
        do {
            let fired = outcome.changed.filter { $0.state == .firing }
            let standing = try await parts.store.begin(fired)
            adopted = zip(fired, standing).filter { $0.startedAt != $1.startedAt }.map(\.1)
            state.withLock { [adopted] in $0.rules.adopt(adopted) }
            // What only was about to fire is nobody's business later.
            try await parts.store.save(outcome.changed.filter { $0.state == .resolved && $0.firedAt != nil })
        } catch {
            parts.warn("cannot store alerts: \(error)")
        }
        let rules = state.withLock { $0.endpoints.mapValues { DefaultRules.effective(of: $0.spec.monitoring) } }
        // Whoever saw it first has told it.
        let told = Set(adopted.map(\.fingerprint))
        for var notice in outcome.notices {
            notice.alerts.removeAll { $0.state == .firing && told.contains($0.fingerprint) }
            guard !notice.alerts.isEmpty else { continue }
            // Replicas that see the same come to the same notice: the first one tells it.
            let isFiring = notice.alerts.contains { $0.state == .firing }
            guard await holds("notice/\(notice.endpoint)/\(notice.rule)/\(isFiring)", for: Self.noticeLease) else {
                continue
            }
            let rule = rules[notice.endpoint]?.first { $0.name == notice.rule }
            _ = parts.deliver(notice, rule?.receivers ?? [])
        }
    }
}
