// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import ServiceLifecycle
import SlipwayControl
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayServer
import SlipwayServing
import SlipwayStorage

/// What watches one replica: the monitoring loop, the capture log, deliveries and pushes of telemetry.
struct ReplicaMonitoring: Service, CustomStringConvertible {
    var description: String { "monitoring" }
    let loop: MonitoringLoop
    let capture: CaptureWriter
    let traces: TraceRecorder?
    private let deliveries: DeliveryQueue
    /// Names of the receivers there are.
    var receivers: [String] { deliveries.names }
    private let told: MonitoringMetrics
    private let captureSizes: FolderSizes
    private let pushes: [@Sendable () async -> Void]

    /// How long notices may still be delivered when the replica stops.
    private static let lastDelivery: Duration = .seconds(3)

    /// - Parameter service: Asked once more now and then; set after the monitoring, which it is observed by.
    init(
        _ home: OpenHome, replica: String, settings: ServeSettings, metrics: MetricsRegistry, logger: Logger,
        service: LateService
    ) throws {
        let told = MonitoringMetrics(registry: metrics)
        let deliveries = DeliveryQueue(
            receivers: try Self.receivers(home, settings), warn: { logger.warning("\($0)") })
        captureSizes = FolderSizes(root: home.captures.root)
        capture = CaptureWriter(store: home.captures)
        let labels = home.labels
        var parts = MonitoringLoop.Parts(
            replica: replica, registry: home.store, store: home.monitoring,
            journal: { try labels.journal(of: $0, budget: $1.labelBudgetBytes) }, clock: Timestamp.systemNow)
        parts.capture = capture
        parts.metrics = told
        parts.deliver = { notice, receivers in
            let count = deliveries.offer(notice, to: receivers)
            if count == 0, !receivers.isEmpty {
                logger.warning("no receiver takes a notice for \(receivers.joined(separator: ", "))")
            }
            return count
        }
        parts.probe = { try await service.value?.probe($0.inputs, of: $0.version, on: $0.endpoint) }
        parts.warn = { logger.warning("\($0)") }
        loop = try MonitoringLoop(parts: parts)
        let sendsTraces = settings.otlp != nil
        traces = sendsTraces ? TraceRecorder(share: settings.traceShare.percent / 100) : nil
        pushes = Self.pushes(settings, metrics, traces, told)
        self.deliveries = deliveries
        self.told = told
        provideDeliveries(metrics)
    }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            // These outlive the shutdown's beginning: what is told last may be why the replica stops.
            group.addTask { await deliveries.run() }
            group.addTask { await measureCaptures() }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    await withTaskGroup(of: Void.self) { pushing in
                        for push in pushes { pushing.addTask { await push() } }
                    }
                }
            }
            await cancelWhenGracefulShutdown { await loop.run() }
            await loop.finish()
            await deliveries.drain(limit: Self.lastDelivery)
            group.cancelAll()
        }
    }

    // MARK: - Parts

    /// The receivers of `monitoring.yaml`.
    ///
    /// - Throws: `ControlError` with everything that is wrong with the file, `DeliveryError`, what reading throws.
    private static func receivers(_ home: OpenHome, _ settings: ServeSettings) throws -> [DeliveryReceiver] {
        let usual = home.layout.monitoringFile
        let path = settings.monitoringFile ?? (FileManager.default.fileExists(atPath: usual) ? usual : nil)
        guard let path else { return [] }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ValidationFailure("cannot read '\(path)': \(error.localizedDescription)")
        }
        let file = try MonitoringFile.parse(text, name: path)
        let factory = ReceiverFactory(
            secret: secret, adminURL: file.adminURL ?? Self.address(of: settings.admin),
            exportPath: { "/api/v1/endpoints/\($0)/export?labelled=true" }, now: Timestamp.systemNow)
        return try file.receivers.map { try factory.make($0) }
    }

    /// The admin listener as it is reached in this network; `nil` where its port is not known yet.
    private static func address(of admin: ListenAddress) -> String? {
        guard admin.port > 0 else { return nil }
        let isEverywhere = ["0.0.0.0", "::", ""].contains(admin.host)
        let host = isEverywhere ? ProcessInfo.processInfo.hostName : admin.host
        return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(admin.port)"
    }

    /// Until the task is cancelled: a scrape must not look through folders.
    private func measureCaptures() async {
        let runner = ThreadPoolRunner()
        while !Task.isCancelled {
            try? await runner.run { [captureSizes] in captureSizes.measure() }
            try? await Task.sleep(for: .seconds(15))
        }
    }

    /// - Throws: ``ValidationFailure`` that names the variable or the file, not the value.
    private static let secret: @Sendable (SecretSource) throws -> String = { source in
        switch source {
        case .plain(let text): return text
        case .environment(let name):
            guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
                throw ValidationFailure("monitoring.yaml asks for the environment variable \(name), which is not set")
            }
            return text
        case .file(let path):
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw ValidationFailure("monitoring.yaml asks for the file '\(path)', which cannot be read")
            }
            let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard !secret.isEmpty else {
                throw ValidationFailure("monitoring.yaml asks for the file '\(path)', which is empty")
            }
            return secret
        }
    }

    private static func pushes(
        _ settings: ServeSettings, _ metrics: MetricsRegistry, _ traces: TraceRecorder?, _ told: MonitoringMetrics
    ) -> [@Sendable () async -> Void] {
        let count = { @Sendable (exporter: String, isSent: Bool) in
            told.countExport(exporter, outcome: isSent ? "sent" : "failed")
        }
        var pushes: [@Sendable () async -> Void] = []
        if let address = settings.statsd {
            let push = StatsDPush(
                StatsDPush.Settings(host: address.host, port: address.port, dialect: settings.statsdDialect),
                metrics: metrics, runner: ThreadPoolRunner(), count: count)
            pushes.append { await push.run() }
        }
        if let url = settings.otlp {
            let logs = BoundedQueue<LogRecord>(limit: 8192)
            LogSetup.forward(to: logs)
            metrics.provide(MetricCatalogue.telemetryItems) { [traces] in
                Self.samples(of: "logs", logs) + (traces.map { Self.samples(of: "traces", $0.queue) } ?? [])
            }
            var sources = OTLPPush.Sources()
            sources.metrics = metrics
            sources.traces = traces?.queue
            sources.logs = logs
            var own = OTLPPush.Settings()
            own.resource = [("service.name", "slipway"), ("service.version", Release.version)]
            let push = OTLPPush(
                own, sources, transport: HTTPTelemetryTransport(url: url, headers: settings.otlpHeaders.fields),
                runner: ThreadPoolRunner(), count: count)
            pushes.append { await push.run() }
        }
        return pushes
    }

    private static func samples<Item>(of kind: String, _ queue: BoundedQueue<Item>) -> [MetricSample] {
        let counts = queue.counts
        return [("offered", counts.offered), ("taken", counts.taken), ("dropped", counts.dropped)]
            .map { MetricSample(Double($0.1), labels: [kind, $0.0]) }
    }

    private func provideDeliveries(_ metrics: MetricsRegistry) {
        metrics.provide(MetricCatalogue.deliveries) { [deliveries] in
            deliveries.counts.flatMap { counts in
                [
                    ("delivered", counts.delivered), ("retried", counts.retried), ("failed", counts.failed),
                    ("dropped", counts.dropped),
                ]
                .map { MetricSample(Double($0.1), labels: [counts.receiver, $0.0]) }
            }
        }
        metrics.provide(MetricCatalogue.monitorObservations) { [loop] in
            let counts = loop.queue.counts
            return [("offered", counts.offered), ("taken", counts.taken), ("dropped", counts.dropped)]
                .map { MetricSample(Double($0.1), labels: [$0.0]) }
        }
        metrics.provide(MetricCatalogue.deliveryQueue) { [deliveries] in
            [MetricSample(Double(deliveries.counts.reduce(0) { $0 + $1.waiting }))]
        }
        metrics.provide(MetricCatalogue.captureRequests) { [capture] in
            capture.allCounts.sorted { $0.key < $1.key }.flatMap { endpoint, counts in
                // What waits is no count that only grows.
                counts.byName.filter { $0.key != "waiting" }.sorted { $0.key < $1.key }
                    .map { MetricSample(Double($0.value), labels: [endpoint, $0.key]) }
            }
        }
        metrics.provide(MetricCatalogue.captureBytes) { [captureSizes] in
            captureSizes.current.sorted { $0.key < $1.key }
                .map { MetricSample(Double($0.value), labels: [$0.key]) }
        }
        metrics.provide(MetricCatalogue.feedbackWaiting) { [loop] in
            loop.waitingLabels.sorted { $0.key < $1.key }.map { MetricSample(Double($0.value), labels: [$0.key]) }
        }
    }
}
