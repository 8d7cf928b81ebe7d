// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// What monitoring tells of itself as metrics: bounded whatever monitors find.
///
/// Called by the monitoring loop and by pushes of telemetry, never on the path of a request.
package final class MonitoringMetrics: Sendable {
    /// Readings that are shown.
    package static let maximumSignals = 4096

    private struct Gauges {
        /// The last report; ``Signals`` of it once somebody asked.
        var report: SignalReport?
        var reports = 0
        var signals: Signals?
        var firing: [MetricSample] = []
        var delays: [String: Double] = [:]
    }

    /// Readings as samples, in the order in which they are shown.
    private struct Signals {
        var values: [MetricSample] = []
        var samples: [MetricSample] = []
        var leftOut = 0
    }

    private let gauges = Mutex(Gauges())
    private let changes = BoundedCounter(labelCount: 3)
    private let decisions = BoundedCounter(labelCount: 3)
    private let feedback = BoundedCounter(labelCount: 2)
    private let exports = BoundedCounter(labelCount: 2)

    /// - Parameter registry: Shows the metrics from now on.
    package init(registry: MetricsRegistry) {
        registry.provide(MetricCatalogue.monitorSignal) { [self] in signals.values }
        registry.provide(MetricCatalogue.monitorSamples) { [self] in signals.samples }
        registry.provide(MetricCatalogue.monitorSignalsLeftOut) { [self] in [MetricSample(Double(signals.leftOut))] }
        registry.provide(MetricCatalogue.alertsFiring) { [self] in gauges.withLock(\.firing) }
        registry.provide(MetricCatalogue.guardDelay) { [self] in
            gauges.withLock(\.delays).sorted { $0.key < $1.key }.map { MetricSample($0.value, labels: [$0.key]) }
        }
        registry.provide(MetricCatalogue.alertChanges) { [changes] in changes.samples }
        registry.provide(MetricCatalogue.guardDecisions) { [decisions] in decisions.samples }
        registry.provide(MetricCatalogue.feedback) { [feedback] in feedback.samples }
        registry.provide(MetricCatalogue.telemetryExports) { [exports] in exports.samples }
    }

    /// Shows a report's readings in place of the last one's. Beyond the limit those of the service and of whole
    /// versions stay, then subjects in the order of their names.
    ///
    /// Costs nothing until somebody scrapes: reports come several times a second.
    package func show(_ report: SignalReport) {
        gauges.withLock { gauges in
            gauges.report = report
            gauges.reports += 1
            gauges.signals = nil
        }
    }

    /// The last report as samples, made once for all that ask.
    private var signals: Signals {
        let (known, report, number) = gauges.withLock { ($0.signals, $0.report, $0.reports) }
        if let known { return known }
        guard let report else { return Signals() }
        let made = Self.signals(of: report)
        gauges.withLock { gauges in
            // Not those of a report that was replaced meanwhile.
            if gauges.reports == number { gauges.signals = made }
        }
        return made
    }

    private static func signals(of report: SignalReport) -> Signals {
        let ordered = report.readings.filter { $0.value.value.isFinite }.sorted { precedes($0.key, $1.key) }
        var signals = Signals()
        // Versions of two models may have the same number: a series can be there only once.
        var shown: Set<[String]> = []
        var most: [[String]: Int] = [:]
        for (key, reading) in ordered.prefix(maximumSignals) {
            let version = labels(key)
            most[version] = max(most[version] ?? 0, reading.samples)
            let labels = version + [key.subject ?? ""]
            if shown.insert(labels).inserted { signals.values.append(MetricSample(reading.value, labels: labels)) }
        }
        signals.samples = most.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { MetricSample(Double($0.value), labels: $0.key) }
        signals.leftOut = ordered.count - signals.values.count
        return signals
    }

    /// Shows the alerts that fire now, in place of those before.
    package func show(firing alerts: [Alert]) {
        var counts: [[String]: Int] = [:]
        for alert in alerts { counts[[alert.key.endpoint, alert.rule, alert.severity.rawValue], default: 0] += 1 }
        let samples = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.prefix(1024)
            .map { MetricSample(Double($0.value), labels: $0.key) }
        gauges.withLock { $0.firing = samples }
    }

    /// Counts alerts whose state changed.
    package func count(changed alerts: [Alert]) {
        for alert in alerts { changes.add([alert.key.endpoint, alert.severity.rawValue, alert.state.rawValue]) }
    }

    package func count(_ decision: GuardDecision) {
        decisions.add([decision.endpoint, decision.action.rawValue, decision.outcome.rawValue])
        guard decision.outcome == .acted, let delay = decision.delaySeconds else { return }
        gauges.withLock { gauges in
            guard gauges.delays[decision.endpoint] != nil || gauges.delays.count < 1024 else { return }
            gauges.delays[decision.endpoint] = delay
        }
    }

    /// - Parameter outcome: `joined`, `unknown`, `duplicate`, `late` or `invalid`.
    package func countFeedback(endpoint: String, outcome: String, _ count: Int = 1) {
        feedback.add([endpoint, outcome], UInt64(clamping: count))
    }

    /// - Parameter outcome: `sent` or `failed`.
    package func countExport(_ exporter: String, outcome: String) { exports.add([exporter, outcome]) }

    private static func labels(_ key: SignalKey) -> [String] {
        [key.endpoint, key.version.map { String($0.number) } ?? "", key.kind.rawValue]
    }

    /// Readings of a whole version before those of its subjects.
    private static func precedes(_ left: SignalKey, _ right: SignalKey) -> Bool {
        if (left.subject == nil) != (right.subject == nil) { return left.subject == nil }
        let leftLabels = labels(left) + [left.subject ?? ""]
        return leftLabels.lexicographicallyPrecedes(labels(right) + [right.subject ?? ""])
    }
}
