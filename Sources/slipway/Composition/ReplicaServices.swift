// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import SlipwayServing
import Synchronization

/// Says at once that the replica is not ready, and gives load balancers time to notice.
struct DrainNotice: Service, CustomStringConvertible {
    var description: String { "drain notice" }
    let service: InferenceService
    let delay: Duration

    func run() async throws {
        try? await gracefulShutdown()
        service.beginDraining()
        try? await Task.sleep(for: delay)
    }
}

/// Follows the registry until shutdown.
struct ReconcileService: Service, CustomStringConvertible {
    var description: String { "reconcile loop" }
    let reconciler: Reconciler

    func run() async throws {
        await cancelWhenGracefulShutdown { await reconciler.run() }
    }
}

/// Keeps models loaded until shutdown, then waits for their last requests and unloads them.
struct DataPlaneService: Service, CustomStringConvertible {
    var description: String { "data plane" }
    let service: InferenceService

    func run() async throws {
        try? await gracefulShutdown()
        service.retireAll()
        while !service.isEmpty, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
    }
}

/// How long the latest load of each version took.
final class LoadTimes: Sendable {
    private let seconds = Mutex<[String: (labels: [String], seconds: Double)]>([:])

    func note(_ event: ServingEvent) {
        guard event.state == .ready else { return }
        let (whole, atto) = event.elapsed.components
        seconds.withLock {
            $0[event.version.description] = (
                [event.version.model, String(event.version.number)], Double(whole) + Double(atto) / 1e18
            )
        }
    }

    var samples: [MetricSample] { seconds.withLock { $0.values.map { MetricSample($0.seconds, labels: $0.labels) } } }
}

extension MetricsRegistry {
    /// Adds what the data plane knows of itself.
    func provideServingMetrics(_ service: InferenceService, _ loads: LoadTimes) {
        provide(MetricCatalogue.inFlight) { [MetricSample(Double(service.statuses().reduce(0) { $0 + $1.inFlight }))] }
        provide(MetricCatalogue.modelsLoaded) {
            [MetricSample(Double(service.statuses().count { $0.serving != nil }))]
        }
        provide(MetricCatalogue.loadDuration) { loads.samples }
        provide(MetricCatalogue.admissionRejected) {
            let refused = service.statuses().reduce(0) { total, status in
                total + ((try? service.endpoint(status.endpoint).admission.load.refused) ?? 0)
            }
            return [MetricSample(Double(refused), labels: ["full"])]
        }
    }
}

extension VersionLifecycle.State {
    var logLevel: Logger.Level {
        switch self {
        case .failed: .error
        case .ready, .unloaded: .info
        default: .debug
        }
    }

    var logMetadata: Logger.Metadata {
        if case .failed(let step, let message) = self {
            ["step": "\(step.rawValue)", "reason": "\(message)"]
        } else {
            [:]
        }
    }
}
