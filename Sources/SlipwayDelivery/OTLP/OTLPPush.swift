// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Pushes metrics, traces and logs to an OpenTelemetry collector by OTLP/HTTP with JSON.
///
/// Nothing waits for it: what it sends comes from bounded queues, one batch of each kind is on its way at a time, and
/// a collector that hangs or refuses costs counted losses only.
package struct OTLPPush: Sendable {
    package struct Settings: Sendable {
        package var metricsInterval: Duration = .seconds(15)
        /// How often traces and logs that wait are sent.
        package var interval: Duration = .seconds(1)
        /// Of one call.
        package var deadline: Duration = .seconds(10)
        /// Requests or log records in one batch.
        package var batchSize = 512
        /// Whose telemetry it is; `service.name` should be among them.
        package var resource: [(String, String)] = [("service.name", "slipway")]

        package init() {}
    }

    /// What is pushed; `nil` for what is not.
    package struct Sources: Sendable {
        package var metrics: MetricsRegistry?
        package var traces: BoundedQueue<TracedRequest>?
        package var logs: BoundedQueue<LogRecord>?

        package init() {}
    }

    private let settings: Settings
    private let sources: Sources
    private let transport: any TelemetryTransport
    private let runner: any BackgroundRunner
    /// Told of each push: the exporter's name, and whether it was sent.
    private let count: @Sendable (_ exporter: String, _ isSent: Bool) -> Void
    private let now: @Sendable () -> Timestamp

    package init(
        _ settings: Settings, _ sources: Sources, transport: any TelemetryTransport, runner: any BackgroundRunner,
        now: @escaping @Sendable () -> Timestamp = MetricsRegistry.wallClock,
        count: @escaping @Sendable (_ exporter: String, _ isSent: Bool) -> Void
    ) {
        self.settings = settings
        self.sources = sources
        self.transport = transport
        self.runner = runner
        self.now = now
        self.count = count
    }

    /// Pushes until the task is cancelled, then what waits, once more.
    package func run() async {
        let metrics = OTLPMetrics(resource: settings.resource, start: now())
        var state = State()
        while !Task.isCancelled {
            try? await Task.sleep(for: settings.interval)
            guard !Task.isCancelled else { break }
            await step(&state, metrics, at: .now)
        }
        // In a task of its own: calls of a cancelled one fail at once.
        let last = state
        await Task {
            var state = last
            state.metricsDue = nil
            await step(&state, metrics, at: .now)
        }.value
    }

    package struct State: Sendable {
        package var traces = ExportPlan()
        package var logs = ExportPlan()
        /// `nil` for at once.
        package var metricsDue: ContinuousClock.Instant?

        package init() {}
    }

    /// Sends what is due.
    package func step(_ state: inout State, _ metrics: OTLPMetrics, at instant: ContinuousClock.Instant) async {
        let records = OTLPRecords(resource: settings.resource)
        let size = settings.batchSize
        if let registry = sources.metrics, state.metricsDue.map({ instant >= $0 }) ?? true {
            state.metricsDue = instant + settings.metricsInterval
            await push(registry, metrics)
        }
        if let traces = sources.traces {
            await advance(&state.traces, "traces", at: instant) {
                let taken = traces.take(upTo: size)
                return taken.isEmpty ? nil : records.body(taken.flatMap { $0.spans() })
            }
        }
        if let logs = sources.logs {
            await advance(&state.logs, "logs", at: instant) {
                let taken = logs.take(upTo: size)
                return taken.isEmpty ? nil : records.body(taken)
            }
        }
    }

    /// Metrics are not tried again: the next ones hold all that these do.
    private func push(_ registry: MetricsRegistry, _ metrics: OTLPMetrics) async {
        let now = now
        let bodies = try? await runner.run { metrics.bodies(registry.families(), at: now()) }
        for body in bodies ?? [] {
            let outcome = await post("metrics", body)
            count("otlp-metrics", outcome == .sent)
            guard outcome == .sent else { return }
        }
    }

    private func advance(
        _ plan: inout ExportPlan, _ kind: String, at instant: ContinuousClock.Instant,
        _ fill: @escaping @Sendable () -> [UInt8]?
    ) async {
        if plan.next(at: instant) == .fill, let body = try? await runner.run(fill) { plan.filled(with: body) }
        guard case .send(let body) = plan.next(at: instant) else { return }
        let outcome = await post(kind, body)
        if plan.ended(outcome, at: instant) { count("otlp-" + kind, outcome == .sent) }
    }

    private func post(_ kind: String, _ body: [UInt8]) async -> ExportPlan.Outcome {
        let status = try? await transport.post(
            path: "/v1/" + kind, contentType: "application/json", body: body, deadline: settings.deadline)
        return status.map(ExportPlan.outcome(ofStatus:)) ?? .tryAgain
    }
}
