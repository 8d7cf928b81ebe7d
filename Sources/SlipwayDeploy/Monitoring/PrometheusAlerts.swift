// SPDX-License-Identifier: Apache-2.0

extension PrometheusRules {
    /// - Throws: ``DeployError``.
    package func alerting() throws(DeployError) -> [Group] {
        [
            Group(name: "slipway-service.alerts", rules: try serviceAlerts()),
            Group(name: "slipway-models.alerts", rules: try modelAlerts()),
            Group(name: "slipway-process.alerts", rules: try processAlerts()),
        ]
    }

    private func serviceAlerts() throws(DeployError) -> [Rule] {
        let budget = Double(Int(((1 - options.objective) * 1e9).rounded())) / 1e9
        // The usual pair: 2 % of a month's budget within an hour, 5 % within six.
        let burns = [("Fast", 14.4, "1h", "5m", "critical"), ("Slow", 6.0, "6h", "30m", "warning")].map {
            name, factor, long, short, severity in
            alert(
                "SlipwayErrorBudgetBurns\(name)", severity,
                [long, short].map { "\(Self.errorRatio($0)) > \(factor) * \(budget)" }.joined(separator: " and "),
                "{{ $labels.endpoint }} fails {{ $value | humanizePercentage }} of its requests over \(long): the "
                    + "error budget of \(options.objective) is used up \(factor) times too fast")
        }
        return burns + [
            alert(
                "SlipwayDown", "critical", "up{job=\"\(options.job)\"} == 0", for: "2m",
                "{{ $labels.instance }} does not answer scrapes"),
            alert(
                "SlipwayLatencyHigh", "warning", "\(Self.latency(99)) > \(options.latencySeconds)", for: "10m",
                "99 % of the answers of {{ $labels.endpoint }} version {{ $labels.version }} take up to "
                    + "{{ $value | humanizeDuration }}"),
            alert(
                "SlipwayRefusesRequests", "warning",
                "\(try queries.rate("slipway_admission_rejected_total", by: ["endpoint", "reason"])) > 0", for: "10m",
                "{{ $labels.endpoint }} refuses {{ $value | humanize }} requests a second: {{ $labels.reason }}"),
            alert(
                "SlipwayEngineCallHangs", "critical",
                "\(try queries.gauge("max", "slipway_hung_calls", by: ["instance", "endpoint", "version"])) > 0",
                for: "5m", "an engine call of {{ $labels.endpoint }} version {{ $labels.version }} does not come back"),
            alert(
                "SlipwayFirstTokenLate", "warning",
                "endpoint_version:\(Self.firstToken):p95_5m > \(options.firstTokenSeconds)", for: "10m",
                "95 % of the first tokens of {{ $labels.endpoint }} take up to {{ $value | humanizeDuration }}"),
        ]
    }

    private func modelAlerts() throws(DeployError) -> [Rule] {
        let offered = try queries.rate(
            "slipway_capture_requests_total", by: ["endpoint"], [.equal("outcome", "offered")])
        let lost = try queries.rate(
            "slipway_capture_requests_total", by: ["endpoint"],
            [.noneOf("outcome", ["offered", "kept", "passed_over"])])
        let firing = try queries.gauge("max", "slipway_alerts_firing", by: ["endpoint", "rule", "severity"])
        return [
            // The severity stays the monitor's own.
            Rule(
                expression: "\(firing) > 0", name: "SlipwayMonitorAlert", isAlert: true, duration: nil, labels: [],
                annotations: [
                    ("summary", "the rule {{ $labels.rule }} of {{ $labels.endpoint }} holds: see slipway monitor show")
                ]),
            alert(
                "SlipwayGuardFailed", "critical",
                try increase("slipway_guard_decisions_total", ["endpoint", "action"], [.equal("outcome", "failed")]),
                "a guard of {{ $labels.endpoint }} could not do {{ $labels.action }}"),
            alert(
                "SlipwayGuardActed", "info",
                try increase("slipway_guard_decisions_total", ["endpoint", "action"], [.equal("outcome", "acted")]),
                "a guard of {{ $labels.endpoint }} did {{ $labels.action }}"),
            alert(
                "SlipwayCaptureIncomplete", "warning", "\(lost) / \(offered) > 0.01", for: "10m",
                "{{ $value | humanizePercentage }} of the sampled requests of {{ $labels.endpoint }} are not kept"),
            alert(
                "SlipwayMonitorsBehind", "warning",
                try increase("slipway_monitor_observations_total", ["instance"], [.equal("outcome", "dropped")]),
                for: "10m", "monitors of {{ $labels.instance }} see only a part of the requests"),
            alert(
                "SlipwayDeliveryFails", "warning",
                try increase("slipway_deliveries_total", ["receiver"], [.oneOf("outcome", ["failed", "dropped"])]),
                "notices do not reach {{ $labels.receiver }}"),
        ]
    }

    private func processAlerts() throws(DeployError) -> [Rule] {
        let instance = ["instance"]
        let throttled = try queries.rate("slipway_cgroup_periods_total", by: instance, [.equal("outcome", "throttled")])
        let periods = try queries.rate("slipway_cgroup_periods_total", by: instance, [.equal("outcome", "all")])
        let used = try queries.gauge("sum", "slipway_cgroup_memory_bytes", by: instance, [.equal("kind", "used")])
        let limit = try queries.gauge("sum", "slipway_cgroup_memory_bytes", by: instance, [.equal("kind", "limit")])
        let open = try queries.gauge("sum", "process_open_fds", by: instance, ofJob)
        let most = try queries.gauge("sum", "process_max_fds", by: instance, ofJob)
        return [
            alert(
                "SlipwayThrottled", "warning", "\(throttled) / \(periods) > 0.25", for: "15m",
                "{{ $labels.instance }} is held back in {{ $value | humanizePercentage }} of its CPU periods"),
            alert(
                "SlipwayMemoryNearLimit", "warning", "\(used) / \(limit) > 0.95", for: "10m",
                "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory limit"),
            alert(
                "SlipwayFilesNearLimit", "warning", "\(open) / \(most) > 0.9", for: "5m",
                "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its file descriptors open"),
            alert(
                "SlipwayRestarts", "warning",
                "changes(\(try queries.selector("process_start_time_seconds", ofJob))[30m]) > 2",
                "{{ $labels.instance }} started {{ $value }} times within half an hour"),
        ]
    }

    /// Metrics that every program has are asked of this job alone.
    private var ofJob: [QueryBuilder.Matcher] { [.equal("job", options.job)] }

    private func increase(
        _ name: String, _ labels: [String], _ matchers: [QueryBuilder.Matcher]
    ) throws(DeployError) -> String {
        let grown = try queries.rate(name, by: labels, matchers, over: "15m")
        // A series comes into being with its first event, and so never grew by it.
        let begun = try queries.begun(name, by: labels, matchers, within: "15m")
        return "(\(grown) > 0) or (\(begun) > 0)"
    }

    private func alert(
        _ name: String, _ severity: String, _ expression: String, for duration: String? = nil, _ summary: String
    ) -> Rule {
        Rule(
            expression: expression, name: name, isAlert: true, duration: duration, labels: [("severity", severity)],
            annotations: [("summary", summary)])
    }
}
