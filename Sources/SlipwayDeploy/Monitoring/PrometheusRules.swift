// SPDX-License-Identifier: Apache-2.0

/// Rules for Prometheus: what is computed beforehand, and what wakes somebody.
package struct PrometheusRules {
    package struct Rule {
        package let expression: String
        /// Of a recording rule, the series it makes; of an alerting rule, the alert.
        package let name: String
        package let isAlert: Bool
        var duration: String?
        var labels: [(String, String)] = []
        var annotations: [(String, String)] = []

        var node: DocumentNode {
            .object(
                (isAlert ? "alert" : "record", .text(name)), ("expr", .text(expression)),
                ("for", duration.map { .text($0) }), ("labels", Self.map(labels)),
                ("annotations", Self.map(annotations)))
        }

        private static func map(_ pairs: [(String, String)]) -> DocumentNode? {
            pairs.isEmpty ? nil : .map(pairs.map { .init(key: $0.0, value: .text($0.1)) })
        }
    }

    package struct Group {
        package let name: String
        package let rules: [Rule]

        var node: DocumentNode { .object(("name", .text(name)), ("rules", .list(rules.map(\.node)))) }
    }

    /// Failures by the server's fault, as the label `outcome` of the requests has them.
    static let serverFaults = ["corrupt", "deadlineExceeded", "internal", "outOfResources", "unavailable"]
    static let requests = "slipway_inference_requests_total"
    static let duration = "slipway_inference_duration_seconds"
    static let firstToken = "slipway_language_time_to_first_token_seconds"
    /// Windows of the burn-rate alerts.
    static let windows = ["5m", "30m", "1h", "6h"]

    let options: MonitoringOptions
    let queries: QueryBuilder

    package init(options: MonitoringOptions, queries: QueryBuilder) {
        self.options = options
        self.queries = queries
    }

    static func errorRatio(_ window: String) -> String { "endpoint:slipway_inference_errors:ratio_rate\(window)" }
    static func latency(_ percent: Int) -> String { "endpoint_version:\(duration):p\(percent)_5m" }

    /// - Throws: ``DeployError``.
    package func recording() throws(DeployError) -> [Group] {
        var service = [
            record(
                "endpoint_version:slipway_inference_requests:rate5m",
                try queries.rate(Self.requests, by: ["endpoint", "version", "outcome"]))
        ]
        for window in Self.windows {
            let all = try queries.rate(Self.requests, by: ["endpoint"], over: window)
            let failed = try queries.rate(
                Self.requests, by: ["endpoint"], [.oneOf("outcome", Self.serverFaults)], over: window)
            // An endpoint that never failed has no series of failures: its ratio is 0, not absent.
            service.append(record(Self.errorRatio(window), "(\(failed) or 0 * \(all)) / \(all)"))
        }
        for (percent, q) in [(50, 0.5), (95, 0.95), (99, 0.99)] {
            service.append(
                record(Self.latency(percent), try queries.quantile(q, Self.duration, by: ["endpoint", "version"])))
        }
        let language = [
            record(
                "endpoint_version:\(Self.firstToken):p95_5m",
                try queries.quantile(0.95, Self.firstToken, by: ["endpoint", "version"])),
            record(
                "endpoint_version:slipway_language_output_tokens:rate5m",
                try queries.rate("slipway_language_output_tokens_total", by: ["endpoint", "version"])),
        ]
        return [
            Group(name: "slipway-service.rules", rules: service),
            Group(name: "slipway-language.rules", rules: language),
        ]
    }

    private func record(_ name: String, _ expression: String) -> Rule {
        Rule(expression: expression, name: name, isAlert: false)
    }
}
