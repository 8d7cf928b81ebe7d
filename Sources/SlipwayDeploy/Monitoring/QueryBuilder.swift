// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes PromQL over the catalogue: a query cannot name a metric or a label that does not exist.
package struct QueryBuilder {
    /// A condition on a label: `endpoint=~"$endpoint"`.
    package struct Matcher {
        let label: String
        let operation: String
        let value: String

        package static func equal(_ label: String, _ value: String) -> Matcher {
            Matcher(label: label, operation: "=", value: value)
        }

        static func oneOf(_ label: String, _ values: [String]) -> Matcher {
            Matcher(label: label, operation: "=~", value: values.joined(separator: "|"))
        }

        static func noneOf(_ label: String, _ values: [String]) -> Matcher {
            Matcher(label: label, operation: "!~", value: values.joined(separator: "|"))
        }

        /// The endpoints chosen in a dashboard.
        static let chosenEndpoint = Matcher(label: "endpoint", operation: "=~", value: "$endpoint")
    }

    /// Labels that Prometheus adds itself.
    static let targetLabels: Set<String> = ["job", "instance"]

    let usesNativeHistograms: Bool
    private let metrics: [String: MetricDescriptor]

    package init(_ options: MonitoringOptions) {
        metrics = Dictionary(options.metrics.map { ($0.name, $0) }) { first, _ in first }
        usesNativeHistograms = options.usesNativeHistograms
    }

    /// - Throws: ``DeployError`` `unknownMetric`.
    func metric(_ name: String) throws(DeployError) -> MetricDescriptor {
        guard let metric = metrics[name] else { throw .unknownMetric(name) }
        return metric
    }

    /// The metric's values as they are: `name{label="value"}`.
    func selector(_ name: String, _ matchers: [Matcher] = [], suffix: String = "") throws(DeployError) -> String {
        let metric = try metric(name)
        for matcher in matchers { try check(matcher.label, of: metric) }
        guard !matchers.isEmpty else { return name + suffix }
        let text = matchers.map { "\($0.label)\($0.operation)\"\(Self.escaped($0.value))\"" }
        return name + suffix + "{" + text.joined(separator: ",") + "}"
    }

    /// How fast a counter grows, added up by labels.
    package func rate(
        _ name: String, by labels: [String] = [], _ matchers: [Matcher] = [], over window: String = "5m"
    ) throws(DeployError) -> String {
        try aggregate("sum", name, by: labels, "rate(\(selector(name, matchers))[\(window)])")
    }

    /// The values of series that were not there a while ago, added up by labels.
    func begun(
        _ name: String, by labels: [String], _ matchers: [Matcher], within window: String
    ) throws(DeployError) -> String {
        let series = try selector(name, matchers)
        return try aggregate("sum", name, by: labels, "\(series) unless \(series) offset \(window)")
    }

    /// A gauge, added up, or its extreme, by labels.
    func gauge(
        _ aggregation: String, _ name: String, by labels: [String] = [], _ matchers: [Matcher] = []
    ) throws(DeployError) -> String {
        try aggregate(aggregation, name, by: labels, selector(name, matchers))
    }

    /// A quantile of a histogram, by labels.
    func quantile(
        _ q: Double, _ name: String, by labels: [String] = [], _ matchers: [Matcher] = [], over window: String = "5m"
    ) throws(DeployError) -> String {
        let metric = try metric(name)
        // Only latencies of requests have native buckets; language models' histograms are classic always.
        let isNative = usesNativeHistograms && name.hasPrefix("slipway_inference_")
        let selected = try selector(name, matchers, suffix: isNative ? "" : "_bucket")
        for label in labels { try check(label, of: metric) }
        let kept = (labels + (isNative ? [] : ["le"])).joined(separator: ", ")
        return "histogram_quantile(\(q), sum by (\(kept)) (rate(\(selected)[\(window)])))"
    }

    private func aggregate(
        _ aggregation: String, _ name: String, by labels: [String], _ inner: String
    ) throws(DeployError) -> String {
        let metric = try metric(name)
        for label in labels { try check(label, of: metric) }
        return labels.isEmpty
            ? "\(aggregation)(\(inner))" : "\(aggregation) by (\(labels.joined(separator: ", "))) (\(inner))"
    }

    private func check(_ label: String, of metric: MetricDescriptor) throws(DeployError) {
        guard metric.labels.contains(label) || Self.targetLabels.contains(label) else {
            throw .unknownLabel(label, of: metric.name)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
