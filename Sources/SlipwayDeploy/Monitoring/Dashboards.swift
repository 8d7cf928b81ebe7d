// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The four dashboards.
///
/// Every metric of the catalogue is in one of them: those that no panel was drawn for come last, in a collapsed row.
struct Dashboards {
    let options: MonitoringOptions
    let parts: DashboardParts
    private let queries: QueryBuilder

    init(_ options: MonitoringOptions) {
        self.options = options
        queries = QueryBuilder(options)
        parts = DashboardParts(queries: queries)
    }

    /// - Throws: ``DeployError``.
    func all() throws(DeployError) -> [GrafanaDashboard] {
        var result = [try service(), try quality(), try drift(), try language()]
        let drawn = result.flatMap(\.rows).flatMap(\.panels).flatMap(\.queries).map(\.expression)
            .joined(separator: " ")
        let words = Set(drawn.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) })
        for index in result.indices {
            var panels: [GrafanaPanel] = []
            for metric in options.metrics where Self.home(of: metric) == result[index].uid {
                let isDrawn = ["", "_bucket", "_count", "_sum"].contains { words.contains(metric.name[...] + $0) }
                if !isDrawn { panels.append(try parts.usual(metric)) }
            }
            result[index].rows.append(.init(title: "More", panels: panels, isCollapsed: true))
        }
        return result
    }

    /// The dashboard that a metric belongs to.
    private static func home(of metric: MetricDescriptor) -> String {
        let prefixes = [
            ("slipway_language_", "slipway-llm"), ("slipway_monitor_", "slipway-drift"),
            ("slipway_feedback", "slipway-quality"), ("slipway_alert", "slipway-quality"),
            ("slipway_guard", "slipway-quality"), ("slipway_capture", "slipway-quality"),
        ]
        return prefixes.first { metric.name.hasPrefix($0.0) }?.1 ?? "slipway-service"
    }

    private func service() throws(DeployError) -> GrafanaDashboard {
        let requests = PrometheusRules.requests
        let faults = try queries.rate(
            requests, by: ["endpoint"], [.chosenEndpoint, .oneOf("outcome", PrometheusRules.serverFaults)])
        let all = try queries.rate(requests, by: ["endpoint"], [.chosenEndpoint])
        let executions = try queries.rate(
            "slipway_inference_executions_total", by: ["endpoint", "version"], [.chosenEndpoint])
        let rows = try queries.rate("slipway_inference_rows_total", by: ["endpoint", "version"], [.chosenEndpoint])
        let traffic = [
            try parts.rate("Requests", requests, by: ["endpoint", "version", "outcome"]),
            parts.share(
                "Failed by the server's fault", "Share of the requests that failed by the server's fault.",
                "(\(faults) or 0 * \(all)) / \(all)", "{{endpoint}}"),
            try parts.quantiles("Time to the answer", PrometheusRules.duration),
            try parts.quantiles("Time in the queue", "slipway_inference_queue_seconds"),
            try parts.quantiles("Time in the engine", "slipway_inference_compute_seconds"),
            GrafanaPanel(
                title: "Rows in a batch", help: "Rows of one engine call in the mean.", unit: "short",
                queries: [.init(expression: "\(rows) / \(executions)", legend: "{{endpoint}} {{version}}")]),
        ]
        let load = [
            try parts.rate("Answers by route", "slipway_inference_routed_total", by: ["endpoint", "version", "route"]),
            try parts.rate("Refused requests", "slipway_admission_rejected_total", by: ["endpoint", "reason"]),
            try parts.gauge("Requests that wait", "slipway_queue_requests", by: ["endpoint", "version"]),
            try parts.rate("Time of lanes", "slipway_endpoint_lane_seconds_total", by: ["endpoint", "version"]),
            try parts.rate("Shadows' answers", "slipway_shadow_answers_total", by: ["endpoint", "version", "outcome"]),
            try parts.rate("Response cache", "slipway_cache_requests_total", by: ["endpoint", "outcome"]),
        ]
        return GrafanaDashboard(
            uid: "slipway-service", title: "Slipway: service", endpointsOf: requests,
            rows: [
                .init(title: "Requests", panels: traffic), .init(title: "Load", panels: load),
                .init(title: "Process and machine", panels: try process()),
            ])
    }

    private func process() throws(DeployError) -> [GrafanaPanel] {
        let job = [QueryBuilder.Matcher.equal("job", options.job)]
        return [
            try parts.rate("CPU", "process_cpu_seconds_total", by: ["instance"], job),
            try parts.gauge("Memory", "process_resident_memory_bytes", by: ["instance"], "max", job),
            try parts.gauge("Memory by kind", "slipway_process_memory_bytes", by: ["instance", "kind"]),
            try parts.gauge("Memory of models", "slipway_model_memory_bytes", by: ["instance", "kind"]),
            try parts.rate("Disk", "slipway_process_disk_bytes_total", by: ["instance", "direction"]),
            try parts.rate("Held back by the CPU limit", "slipway_cgroup_throttled_seconds_total", by: ["instance"]),
            try parts.gauge("Open files", "process_open_fds", by: ["instance"], "max", job),
            try parts.gauge("Threads", "process_threads", by: ["instance"], "max", job),
            try parts.gauge("Graphics memory", "slipway_gpu_memory_bytes", by: ["instance", "device", "kind"]),
        ]
    }

    private func quality() throws(DeployError) -> GrafanaDashboard {
        var alerts = try parts.gauge(
            "Alerts that fire", "slipway_alerts_firing", by: ["endpoint", "rule", "severity"], "max")
        alerts.kind = .table
        let actions = [
            alerts,
            try parts.rate(
                "Guards' decisions", "slipway_guard_decisions_total", by: ["endpoint", "action", "outcome"]),
        ]
        let labels = [
            try parts.rate("Labels that came", "slipway_feedback_total", by: ["endpoint", "outcome"]),
            try parts.gauge("Predictions that wait for labels", "slipway_feedback_waiting", by: ["endpoint"]),
            try parts.rate("Captured requests", "slipway_capture_requests_total", by: ["endpoint", "outcome"]),
            try parts.gauge("Capture on disk", "slipway_capture_bytes", by: ["endpoint"]),
        ]
        return GrafanaDashboard(
            uid: "slipway-quality", title: "Slipway: model quality", endpointsOf: PrometheusRules.requests,
            rows: [
                .init(title: "Alerts and guards", panels: actions),
                .init(title: "Quality", panels: try signals(options.qualitySignals)),
                .init(title: "Labels and capture", panels: labels),
            ])
    }

    private func drift() throws(DeployError) -> GrafanaDashboard {
        GrafanaDashboard(
            uid: "slipway-drift", title: "Slipway: drift and data quality", endpointsOf: PrometheusRules.requests,
            rows: [
                .init(title: "Against the reference profile", panels: try signals(options.driftSignals)),
                .init(
                    title: "Monitors themselves",
                    panels: [
                        try parts.rate(
                            "Observations", "slipway_monitor_observations_total", by: ["instance", "outcome"]),
                        try parts.gauge(
                            "Samples", "slipway_monitor_samples", by: ["endpoint", "version", "signal"], "max"),
                    ]),
            ])
    }

    /// One panel to a group: the greatest reading of all replicas, by what it is of.
    private func signals(_ groups: [MonitoringOptions.SignalGroup]) throws(DeployError) -> [GrafanaPanel] {
        var panels: [GrafanaPanel] = []
        for group in groups {
            panels.append(
                try parts.gauge(
                    group.title, "slipway_monitor_signal", by: ["endpoint", "version", "signal", "subject"], "max",
                    [.oneOf("signal", group.signals)]))
        }
        return panels
    }

    private func language() throws(DeployError) -> GrafanaDashboard {
        let name = { (rest: String) in "slipway_language_" + rest }
        let version = ["endpoint", "version"]
        let cached = try queries.rate(name("cached_prompt_tokens_total"), by: version, [.chosenEndpoint])
        let prompt = try queries.rate(name("prompt_tokens_total"), by: version, [.chosenEndpoint])
        let accepted = try queries.rate(name("accepted_tokens_total"), by: version, [.chosenEndpoint])
        let drafted = try queries.rate(name("drafted_tokens_total"), by: version, [.chosenEndpoint])
        let users = [
            try parts.rate("Generations", name("requests_total"), by: version + ["outcome", "finish_reason"]),
            try parts.quantiles("Time to the first token", name("time_to_first_token_seconds")),
            try parts.quantiles("Time between tokens", name("inter_token_seconds")),
            try parts.quantiles("Time to the end", name("duration_seconds")),
            try parts.rate("Tokens generated", name("output_tokens_total"), by: version),
            try parts.rate("Tokens of prompts", name("prompt_tokens_total"), by: version),
        ]
        let inside = [
            parts.share(
                "Prompt tokens from the cache", "Share of the prompts' tokens that had been computed before.",
                "\(cached) / \(prompt)", "{{endpoint}} {{version}}"),
            parts.share(
                "Accepted drafts", "Share of the proposed tokens that the model agreed with.",
                "\(accepted) / \(drafted)", "{{endpoint}} {{version}}"),
            try parts.gauge("Sequences", name("sequences"), by: version + ["state"]),
            try parts.gauge("KV cache", name("kv_cells"), by: version + ["kind"]),
            try parts.quantiles("Time of a step", name("step_seconds")),
            try parts.rate("Refused generations", name("rejected_total"), by: version + ["reason"]),
        ]
        return GrafanaDashboard(
            uid: "slipway-llm", title: "Slipway: language models", endpointsOf: name("requests_total"),
            rows: [.init(title: "What callers see", panels: users), .init(title: "Inside", panels: inside)])
    }
}
