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
import SlipwayStorage

/// What watches one replica: the monitoring loop, the capture log, deliveries and pushes of telemetry.
struct ReplicaMonitoring: Service, CustomStringConvertible {
    var description: String { "monitoring" }
    let loop: MonitoringLoop
    let capture: CaptureWriter
    let traces: TraceRecorder?
    private let deliveries: DeliveryQueue
    private let told: MonitoringMetrics
    private let pushes: [@Sendable () async -> Void]

    /// How long notices may still be delivered when the replica stops.
    private static let lastDelivery: Duration = .seconds(3)

    init(_ home: OpenHome, replica: String, settings: ServeSettings, metrics: MetricsRegistry, logger: Logger) throws {
        let told = MonitoringMetrics(registry: metrics)
        let deliveries = DeliveryQueue(receivers: try Self.receivers(home, settings))
        capture = CaptureWriter(store: home.captures)
        let labels = home.labels
        var parts = MonitoringLoop.Parts(
            replica: replica, registry: home.store, store: home.monitoring,
            journal: { try labels.journal(of: $0) }, clock: Timestamp.systemNow)
        parts.capture = capture
        parts.metrics = told
        parts.deliver = { notice, receivers in deliveries.offer(notice, to: receivers) }
        parts.warn = { logger.warning("\($0)") }
        loop = try MonitoringLoop(parts: parts, control: home.control)
        let sendsTraces = settings.otlp != nil
        traces = sendsTraces ? TraceRecorder(share: settings.traceShare.percent / 100) : nil
        pushes = Self.pushes(settings, metrics, traces, told)
        self.deliveries = deliveries
        self.told = told
        provideDeliveries(metrics)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await loop.run() }
                group.addTask { await deliveries.run() }
                for push in pushes { group.addTask { await push() } }
            }
        }
        await loop.finish()
        // What was told last may be why the replica stops.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await deliveries.run() }
            await deliveries.drain(limit: Self.lastDelivery)
            group.cancelAll()
        }
    }

    // MARK: - Parts

    /// The receivers of `monitoring.yaml`.
    ///
    /// - Throws: `ControlError` with everything that is wrong with the file, `DeliveryError`, what reading throws.
    private static func receivers(_ home: OpenHome, _ settings: ServeSettings) throws -> [DeliveryReceiver] {
        let usual = home.layout.root + "/monitoring.yaml"
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
            secret: secret, adminURL: "http://\(settings.admin)",
            exportPath: { "/api/v1/endpoints/\($0)/export?labelled=true" }, now: Timestamp.systemNow)
        return try file.receivers.map { try factory.make($0) }
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
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
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
            var sources = OTLPPush.Sources()
            sources.metrics = metrics
            sources.traces = traces?.queue
            sources.logs = logs
            var own = OTLPPush.Settings()
            own.resource = [("service.name", "slipway"), ("service.version", Release.version)]
            let push = OTLPPush(
                own, sources, transport: HTTPTelemetryTransport(url: url), runner: ThreadPoolRunner(), count: count)
            pushes.append { await push.run() }
        }
        return pushes
    }

    private func provideDeliveries(_ metrics: MetricsRegistry) {
        metrics.provide(MetricCatalogue.deliveries) { [deliveries] in
            deliveries.counts.flatMap { counts in
                [("delivered", counts.delivered), ("retried", counts.retried), ("failed", counts.failed),
                    ("dropped", counts.dropped)]
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
                counts.byName.sorted { $0.key < $1.key }
                    .map { MetricSample(Double($0.value), labels: [endpoint, $0.key]) }
            }
        }
    }
}
