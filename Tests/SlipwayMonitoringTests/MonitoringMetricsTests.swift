// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct MonitoringMetricsTests {
    private let registry = MetricsRegistry()

    private func lines(_ prefix: String) -> [String] {
        registry.exposition().split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    private func key(_ subject: String?, _ kind: SignalKind = .psi) -> SignalKey {
        SignalKey(endpoint: "fraud", version: VersionID(model: "fraud", number: 3), kind: kind, subject: subject)
    }

    private func reading(_ value: Double, samples: Int = 500) -> SignalReading {
        SignalReading(value: value, samples: samples, method: "test")
    }

    @Test("readings are shown by endpoint, version, signal and subject")
    func readings() {
        let metrics = MonitoringMetrics(registry: registry)
        metrics.show(
            SignalReport(
                at: Timestamp(milliseconds: 0),
                readings: [
                    key("age"): reading(0.25), key("amount"): reading(.nan),
                    key(nil, .errorRate): reading(0.5, samples: 9),
                ]))
        #expect(
            lines("slipway_monitor_signal{") == [
                #"slipway_monitor_signal{endpoint="fraud",version="3",signal="error_rate",subject=""} 0.5"#,
                #"slipway_monitor_signal{endpoint="fraud",version="3",signal="psi",subject="age"} 0.25"#,
            ])
        #expect(
            lines("slipway_monitor_samples{") == [
                #"slipway_monitor_samples{endpoint="fraud",version="3",signal="error_rate"} 9"#,
                #"slipway_monitor_samples{endpoint="fraud",version="3",signal="psi"} 500"#,
            ])
    }

    @Test("beyond the limit readings of subjects are left out and counted, those of whole versions stay")
    func bounded() {
        let metrics = MonitoringMetrics(registry: registry)
        var report = SignalReport(at: Timestamp(milliseconds: 0))
        for index in 0..<MonitoringMetrics.maximumSignals { report.readings[key("f\(index)")] = reading(1) }
        report.readings[key(nil, .errorRate)] = reading(0)
        metrics.show(report)
        #expect(lines("slipway_monitor_signal{").count == MonitoringMetrics.maximumSignals)
        #expect(lines("slipway_monitor_signal{").contains { $0.contains("error_rate") })
        #expect(lines("slipway_monitor_signals_left_out") == ["slipway_monitor_signals_left_out 1"])
    }

    @Test("a series is there once, even when two models have a version of the same number")
    func once() {
        let metrics = MonitoringMetrics(registry: registry)
        var other = key("age")
        other.version = VersionID(model: "fraud-next", number: 3)
        metrics.show(
            SignalReport(at: Timestamp(milliseconds: 0), readings: [key("age"): reading(1), other: reading(1)]))
        #expect(lines("slipway_monitor_signal{").count == 1)
    }

    @Test("alerts and decisions are counted by what they are")
    func alerts() {
        let metrics = MonitoringMetrics(registry: registry)
        let alert = Alert(
            rule: "drift", severity: .critical, key: key("age"), state: .firing, startedAt: Timestamp(milliseconds: 0),
            reading: reading(1), threshold: 0.2, summary: "age moved")
        metrics.show(firing: [alert, alert])
        metrics.count(changed: [alert])
        var decision = GuardDecision(
            endpoint: "fraud", guardName: "back", action: .rollBack, at: Timestamp(milliseconds: 0), version: nil,
            outcome: .acted, text: "", evidence: [alert], replica: "a")
        decision.delaySeconds = 0.5
        metrics.count(decision)
        #expect(
            lines("slipway_alerts_firing{") == [
                #"slipway_alerts_firing{endpoint="fraud",rule="drift",severity="critical"} 2"#
            ])
        #expect(
            lines("slipway_guard_decisions_total{") == [
                #"slipway_guard_decisions_total{endpoint="fraud",action="roll-back",outcome="acted"} 1"#
            ])
        #expect(lines("slipway_guard_delay_seconds{") == [#"slipway_guard_delay_seconds{endpoint="fraud"} 0.5"#])
        metrics.show(firing: [])
        #expect(lines("slipway_alerts_firing{").isEmpty)
    }

    @Test("label values beyond the limit of combinations count as other")
    func counter() {
        let counter = BoundedCounter(labelCount: 1, limit: 2)
        for name in ["a", "b", "c", "d", "a"] { counter.add([name]) }
        counter.add(["wrong", "labels"])
        #expect(
            counter.samples == [
                MetricSample(2, labels: ["a"]), MetricSample(1, labels: ["b"]), MetricSample(2, labels: ["other"]),
            ])
    }

    @Test("no metric shows more samples than it may, whoever provides them")
    func cut() {
        let registry = MetricsRegistry(maximumSamples: 10)
        registry.provide(MetricCatalogue.queued) {
            (0..<25).map { MetricSample(1, labels: ["endpoint\($0)", "1"]) }
        }
        let lines = registry.exposition().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("slipway_queue_requests{") } == 10)
        #expect(lines.contains("slipway_samples_left_out 15"))
    }

    @Test("a full queue drops what comes, and every element is counted once")
    func queue() {
        let queue = BoundedQueue<Int>(limit: 3)
        for number in 0..<5 { queue.offer(number) }
        #expect(queue.take(upTo: 2) == [0, 1])
        #expect(queue.offer(9))
        #expect(queue.take(upTo: 10) == [2, 9])
        #expect(queue.counts == .init(offered: 6, taken: 4, dropped: 2))
    }
}
