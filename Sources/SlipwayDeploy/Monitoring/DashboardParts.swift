// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Makes panels from the catalogue: title and unit follow the metric, the description is its help.
struct DashboardParts {
    let queries: QueryBuilder

    /// How fast a counter grows, by labels.
    func rate(
        _ title: String, _ name: String, by labels: [String], _ matchers: [QueryBuilder.Matcher] = []
    ) throws(DeployError) -> GrafanaPanel {
        let metric = try queries.metric(name)
        return panel(
            title, metric, [(try queries.rate(name, by: labels, chosen(metric) + matchers), legend(labels))])
    }

    /// A gauge, by labels.
    func gauge(
        _ title: String, _ name: String, by labels: [String], _ aggregation: String = "sum",
        _ matchers: [QueryBuilder.Matcher] = []
    ) throws(DeployError) -> GrafanaPanel {
        let metric = try queries.metric(name)
        let query = try queries.gauge(aggregation, name, by: labels, chosen(metric) + matchers)
        return panel(title, metric, [(query, legend(labels))])
    }

    /// Median, 95th and 99th percentile of a histogram, by labels.
    func quantiles(
        _ title: String, _ name: String, by labels: [String] = ["endpoint", "version"]
    ) throws(DeployError) -> GrafanaPanel {
        let metric = try queries.metric(name)
        var lines: [(String, String)] = []
        for (q, text) in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")] {
            lines.append((try queries.quantile(q, name, by: labels, chosen(metric)), legend(labels) + " " + text))
        }
        return panel(title, metric, lines)
    }

    /// A share, 0 to 1.
    func share(_ title: String, _ help: String, _ expression: String, _ legend: String) -> GrafanaPanel {
        GrafanaPanel(
            title: title, help: help, unit: "percentunit", queries: [.init(expression: expression, legend: legend)])
    }

    /// What a metric deserves that nobody drew a panel for.
    func usual(_ metric: MetricDescriptor) throws(DeployError) -> GrafanaPanel {
        switch metric.kind {
        case .counter: try rate(metric.name, metric.name, by: metric.labels)
        case .gauge: try gauge(metric.name, metric.name, by: metric.labels, "max")
        case .histogram:
            try quantiles(metric.name, metric.name, by: metric.labels.filter { $0 != "outcome" })
        }
    }

    private func panel(_ title: String, _ metric: MetricDescriptor, _ lines: [(String, String)]) -> GrafanaPanel {
        GrafanaPanel(
            title: title, help: metric.help, unit: GrafanaPanel.unit(of: metric),
            queries: lines.map { .init(expression: $0.0, legend: $0.1) })
    }

    /// Metrics of endpoints are shown of those that are chosen.
    private func chosen(_ metric: MetricDescriptor) -> [QueryBuilder.Matcher] {
        metric.labels.contains("endpoint") ? [.chosenEndpoint] : []
    }

    private func legend(_ labels: [String]) -> String { labels.map { "{{\($0)}}" }.joined(separator: " ") }
}
