// SPDX-License-Identifier: Apache-2.0

/// Files for those who watch Slipway with Prometheus and Grafana: what `slipway render monitoring` writes.
package enum MonitoringFiles {
    private static let comment = "Written by 'slipway render monitoring' from the catalogue of metrics."

    /// All files, in the order of their paths.
    ///
    /// - Throws: ``DeployError`` `invalidOption` for options that make no sense; its other codes are faults of ours.
    package static func render(_ options: MonitoringOptions) throws(DeployError) -> [RenderedFile] {
        try check(options)
        let rules = PrometheusRules(options: options, queries: QueryBuilder(options))
        let recording = try rules.recording().map(\.node)
        let alerting = try rules.alerting().map(\.node)
        var files = [
            yaml("prometheus/prometheus.yml", prometheus(options)),
            yaml("prometheus/rules/slipway-recording.yml", .object(("groups", .list(recording)))),
            yaml("prometheus/rules/slipway-alerts.yml", .object(("groups", .list(alerting)))),
            yaml("kubernetes/servicemonitor.yaml", serviceMonitor(options)),
            yaml("kubernetes/prometheusrule.yaml", prometheusRule(options, recording + alerting)),
            yaml("grafana/provisioning/datasources/slipway.yaml", grafanaDatasource(options)),
            yaml("grafana/provisioning/dashboards/slipway.yaml", grafanaProvider),
        ]
        for dashboard in try Dashboards(options).all() { files.append(dashboard.file()) }
        return files.sorted { $0.path < $1.path }
    }

    private static func yaml(_ path: String, _ node: DocumentNode) -> RenderedFile {
        RenderedFile(path: path, text: node.yaml(comment: comment))
    }

    private static func check(_ options: MonitoringOptions) throws(DeployError) {
        guard options.objective > 0, options.objective < 1 else {
            throw .invalidOption("the objective is \(options.objective): it must lie between 0 and 1, such as 0.999")
        }
        guard options.latencySeconds > 0, options.latencySeconds.isFinite, options.firstTokenSeconds > 0,
            options.firstTokenSeconds.isFinite
        else { throw .invalidOption("latencies must be above 0 seconds") }
        guard options.scrapeSeconds > 0 else {
            throw .invalidOption("the scrape interval is \(options.scrapeSeconds) s: it must be 1 or more")
        }
        guard !options.job.isEmpty, options.job.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 < 0x7F })
        else { throw .invalidOption("the job's name must be printable, without spaces, quotes and backslashes") }
        guard !options.targets.isEmpty else { throw .invalidOption("name at least one target to scrape, HOST:PORT") }
        for address in options.targets + options.alertmanagers where !isAddress(address) {
            throw .invalidOption("'\(address.prefix(64))' is no address: write HOST:PORT, without http:// and path")
        }
        guard options.prometheusURL.hasPrefix("http://") || options.prometheusURL.hasPrefix("https://") else {
            throw .invalidOption("Prometheus's address is no URL: write one such as http://localhost:9090")
        }
        guard options.namespace != "" else { throw .invalidOption("the namespace is empty: leave it out, or name one") }
    }

    /// `example.com:8080`, `10.0.0.1:8080` or `[::1]:8080`.
    private static func isAddress(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return false
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = host.dropFirst().dropLast()
            return !inner.isEmpty && inner.utf8.allSatisfy { isHostByte($0) || $0 == UInt8(ascii: ":") }
        }
        return !host.isEmpty && host.utf8.allSatisfy(isHostByte)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func prometheus(_ options: MonitoringOptions) -> DocumentNode {
        let seconds = DocumentNode.text("\(options.scrapeSeconds)s")
        let alerting =
            options.alertmanagers.isEmpty
            ? nil
            : DocumentNode.object(
                ("alertmanagers", [.object(("static_configs", [targets(options.alertmanagers)]))]))
        return .object(
            ("global", .object(("scrape_interval", seconds), ("evaluation_interval", seconds))),
            ("rule_files", ["rules/*.yml"]), ("alerting", alerting),
            (
                "scrape_configs",
                [
                    .object(
                        ("job_name", .text(options.job)), ("metrics_path", "/metrics"),
                        ("static_configs", [targets(options.targets)]))
                ]
            ))
    }

    private static func targets(_ values: [String]) -> DocumentNode { .object(("targets", .texts(values))) }

    private static func serviceMonitor(_ options: MonitoringOptions) -> DocumentNode {
        let labels = options.serviceLabels.sorted { $0.key < $1.key }
            .map { DocumentNode.Entry(key: $0.key, value: .text($0.value)) }
        return .object(
            ("apiVersion", "monitoring.coreos.com/v1"), ("kind", "ServiceMonitor"),
            ("metadata", metadata("slipway", options)),
            (
                "spec",
                .object(
                    ("selector", .object(("matchLabels", .map(labels)))),
                    (
                        "endpoints",
                        [
                            .object(
                                ("port", .text(options.servicePort)), ("path", "/metrics"),
                                ("interval", .text("\(options.scrapeSeconds)s")), ("honorLabels", false),
                                // The rules ask for this job, whatever the service is called.
                                (
                                    "relabelings",
                                    [
                                        .object(
                                            ("targetLabel", "job"), ("replacement", .text(options.job)))
                                    ]
                                ))
                        ]
                    ))
            ))
    }

    private static func prometheusRule(_ options: MonitoringOptions, _ groups: [DocumentNode]) -> DocumentNode {
        .object(
            ("apiVersion", "monitoring.coreos.com/v1"), ("kind", "PrometheusRule"),
            ("metadata", metadata("slipway-rules", options)), ("spec", .object(("groups", .list(groups)))))
    }

    private static func metadata(_ name: String, _ options: MonitoringOptions) -> DocumentNode {
        .object(
            ("name", .text(name)), ("namespace", options.namespace.map { .text($0) }),
            ("labels", .object(("app.kubernetes.io/name", "slipway"))))
    }

    private static func grafanaDatasource(_ options: MonitoringOptions) -> DocumentNode {
        .object(
            ("apiVersion", 1),
            (
                "datasources",
                [
                    .object(
                        ("name", "Prometheus"), ("uid", "slipway-prometheus"), ("type", "prometheus"),
                        ("access", "proxy"), ("url", .text(options.prometheusURL)), ("isDefault", true),
                        ("jsonData", .object(("timeInterval", .text("\(options.scrapeSeconds)s")))))
                ]
            ))
    }

    private static var grafanaProvider: DocumentNode {
        .object(
            ("apiVersion", 1),
            (
                "providers",
                [
                    .object(
                        ("name", "slipway"), ("folder", "Slipway"), ("type", "file"), ("allowUiUpdates", false),
                        ("options", .object(("path", "/var/lib/grafana/dashboards/slipway"))))
                ]
            ))
    }
}
