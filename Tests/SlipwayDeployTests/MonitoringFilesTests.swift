// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayDeploy
import SlipwayMonitoring
import Testing

@Suite struct MonitoringFilesTests {
    private let options = MonitoringOptions(metrics: MetricCatalogue.all)

    /// What a dashboard is, as far as these tests look.
    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            let id: Int
            let type: String
            let title: String
            let gridPos: Position
            let targets: [Target]?
            let panels: [Panel]?
        }
        struct Position: Decodable, Hashable {
            let h: Int
            let w: Int
            let x: Int
            let y: Int
        }
        struct Target: Decodable {
            let refId: String
            let expr: String
        }
        let uid: String
        let title: String
        let schemaVersion: Int
        let panels: [Panel]

        var all: [Panel] { panels.flatMap { [$0] + ($0.panels ?? []) } }
        var expressions: [String] { all.flatMap { $0.targets ?? [] }.map(\.expr) }
    }

    private func dashboards(_ options: MonitoringOptions) throws -> [Dashboard] {
        try MonitoringFiles.render(options).filter { $0.path.hasPrefix("grafana/dashboards/") }.map {
            try JSONDecoder().decode(Dashboard.self, from: Data($0.text.utf8))
        }
    }

    private func rules(_ options: MonitoringOptions) throws -> [PrometheusRules.Rule] {
        let rules = PrometheusRules(options: options, queries: QueryBuilder(options))
        return try (rules.recording() + rules.alerting()).flatMap(\.rules)
    }

    /// Names of series in an expression: words in front of braces, brackets or the end of an argument, that are no
    /// labels, functions or keywords.
    private func series(_ expression: String) -> [String] {
        let withoutLabels = expression.replacing(#/\{[^}]*\}/#, with: "").replacing(#/by \([^)]*\)/#, with: "by")
        let words: Set<String> = [
            "sum", "max", "by", "rate", "histogram_quantile", "histogram_count", "histogram_sum", "or", "and",
            "changes", "up",
        ]
        return withoutLabels.matches(of: #/[a-zA-Z_:][a-zA-Z0-9_:]*/#).map { String($0.output) }
            .filter { !words.contains($0) && $0.contains("_") }
    }

    private func names(_ metrics: [MetricDescriptor]) -> Set<String> {
        metrics.reduce(into: []) { names, metric in
            names.insert(metric.name)
            if metric.kind == .histogram {
                for suffix in ["_bucket", "_count", "_sum"] { names.insert(metric.name + suffix) }
            }
        }
    }

    @Test("all files are there, in order")
    func files() throws {
        #expect(
            try MonitoringFiles.render(options).map(\.path) == [
                "grafana/dashboards/slipway-drift.json", "grafana/dashboards/slipway-llm.json",
                "grafana/dashboards/slipway-quality.json", "grafana/dashboards/slipway-service.json",
                "grafana/provisioning/dashboards/slipway.yaml", "grafana/provisioning/datasources/slipway.yaml",
                "kubernetes/prometheusrule.yaml", "kubernetes/servicemonitor.yaml", "prometheus/prometheus.yml",
                "prometheus/rules/slipway-alerts.yml", "prometheus/rules/slipway-recording.yml",
            ])
    }

    @Test("every series in a query is of the catalogue or recorded by a rule", arguments: [false, true])
    func known(isNative: Bool) throws {
        var options = options
        options.usesNativeHistograms = isNative
        let rules = try rules(options)
        let known = names(options.metrics).union(rules.filter { !$0.isAlert }.map(\.name))
        let expressions = try dashboards(options).flatMap(\.expressions) + rules.map(\.expression)
        #expect(expressions.count > 100)
        for expression in expressions {
            let named = series(expression)
            #expect(!named.isEmpty || expression.hasPrefix("up{"), "\(expression)")
            for name in named { #expect(known.contains(name), "\(name) in \(expression)") }
        }
    }

    @Test("every metric of the catalogue is in a dashboard")
    func complete() throws {
        let shown = Set(try dashboards(options).flatMap(\.expressions).flatMap(series))
        for metric in options.metrics {
            #expect(!names([metric]).isDisjoint(with: shown), "\(metric.name)")
        }
    }

    @Test("panels of a dashboard have ids of their own and do not overlap")
    func layout() throws {
        for dashboard in try dashboards(options) {
            let all = dashboard.all
            #expect(Set(all.map(\.id)).count == all.count, "\(dashboard.uid)")
            for group in [dashboard.panels] + dashboard.panels.compactMap(\.panels) {
                var cells: Set<[Int]> = []
                for position in group.map(\.gridPos) {
                    #expect(position.x + position.w <= 24)
                    for x in position.x..<position.x + position.w {
                        for y in position.y..<position.y + position.h {
                            #expect(cells.insert([x, y]).inserted, "\(dashboard.uid) \(x) \(y)")
                        }
                    }
                }
            }
        }
    }

    @Test("each query of a panel has a letter of its own")
    func letters() throws {
        for panel in try dashboards(options).flatMap(\.all) {
            let letters = (panel.targets ?? []).map(\.refId)
            #expect(Set(letters).count == letters.count)
        }
    }

    @Test("with native histograms no query asks for their classic buckets")
    func native() throws {
        var options = options
        options.usesNativeHistograms = true
        let expressions = try dashboards(options).flatMap(\.expressions) + rules(options).map(\.expression)
        #expect(!expressions.contains { $0.contains("slipway_inference_duration_seconds_bucket") })
        #expect(expressions.contains { $0.contains("slipway_language_step_seconds_bucket") })
    }

    @Test("a catalogue that lacks a metric is refused, and named")
    func missing() {
        var options = options
        options.metrics.removeAll { $0 == MetricCatalogue.hungCalls }
        let error = #expect(throws: DeployError.self) { try MonitoringFiles.render(options) }
        #expect(error?.code == .unknownMetric)
        #expect(error?.message.contains("slipway_hung_calls") == true)
    }

    @Test("a label that a metric does not have is refused")
    func wrongLabel() {
        let queries = QueryBuilder(options)
        #expect(throws: DeployError.self) { try queries.rate("slipway_inference_rows_total", by: ["colour"]) }
        #expect(throws: DeployError.self) {
            try queries.rate("slipway_inference_rows_total", [.equal("colour", "red")])
        }
    }

    @Test("options that make no sense are refused")
    func senseless() {
        let changes: [(inout MonitoringOptions) -> Void] = [
            { $0.objective = 1 }, { $0.objective = .nan }, { $0.latencySeconds = 0 },
            { $0.firstTokenSeconds = .infinity },
            { $0.targets = ["http://h:8080"] }, { $0.targets = ["h"] }, { $0.targets = ["h:0"] },
            { $0.alertmanagers = ["h:9093/path"] }, { $0.alertmanagers = [""] }, { $0.prometheusURL = "h:9090" },
            { $0.namespace = "" },
            { $0.scrapeSeconds = 0 }, { $0.job = "a\"b" }, { $0.job = "" }, { $0.targets = [] },
        ]
        for change in changes {
            var options = options
            change(&options)
            let error = #expect(throws: DeployError.self) { try MonitoringFiles.render(options) }
            #expect(error?.code == .invalidOption)
        }
    }

    @Test("what guards did is told from the first time on, though its series begins with it")
    func firstEvents() throws {
        let expression = try #require(rules(options).first { $0.name == "SlipwayGuardActed" }?.expression)
        let series = #"slipway_guard_decisions_total{outcome="acted"}"#
        #expect(expression.hasSuffix("or (sum by (endpoint, action) (\(series) unless \(series) offset 15m) > 0)"))
    }

    @Test("signals of the dashboards are signals of monitors")
    func signals() {
        let known = Set(SignalKind.allCases.map(\.rawValue))
        let shown = (options.qualitySignals + options.driftSignals).flatMap(\.signals)
        #expect(Set(shown).count == shown.count)
        for signal in shown { #expect(known.contains(signal), "\(signal)") }
    }
}
