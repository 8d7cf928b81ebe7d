// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import ServiceLifecycle
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayServing
import Synchronization

/// Says at once that the replica is not ready, and gives load balancers time to notice.
struct DrainNotice: Service, CustomStringConvertible {
    var description: String { "drain notice" }
    let service: InferenceService
    let delay: Duration
    /// How long the rest may take after that.
    let patience: Duration
    /// Ends what would hold up the listeners' end.
    let endStreams: @Sendable () -> Void

    /// How much longer than allowed the process waits before it ends itself.
    private static let grace: Duration = .seconds(5)

    func run() async throws {
        try? await gracefulShutdown()
        service.beginDraining()
        endStreams()
        endAtLast()
        try? await Task.sleep(for: delay)
    }

    /// Ends the process where an orderly end takes too long, on a thread that waits for nothing: libraries that are
    /// cancelled while they are resumed have been seen to wait for themselves.
    private func endAtLast() {
        let seconds = (delay + patience + Self.grace).components.seconds
        try? DedicatedThread.start(name: "last resort") { [service] in
            sleep(UInt32(clamping: seconds))
            _exit(service.isEmpty ? 0 : 1)
        }
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
        while !service.isEmpty, !Task.isCancelled {
            // Calls that hang are given up here too.
            service.tick()
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// The data plane, for what is made before it.
final class LateService: Sendable {
    private let service = Mutex<InferenceService?>(nil)

    var value: InferenceService? {
        get { service.withLock { $0 } }
        set { service.withLock { $0 = newValue } }
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
            [MetricSample(Double(service.statuses().reduce(0) { $0 + $1.versions.count { $0.lanes > 0 } }))]
        }
        provide(MetricCatalogue.loadDuration) { loads.samples }
        provide(MetricCatalogue.admissionRejected) {
            service.statuses().flatMap { status -> [MetricSample] in
                guard let refused = try? service.endpoint(status.endpoint).admission.load.refused else { return [] }
                return refused.byReason.map { MetricSample(Double($0.count), labels: [status.endpoint, $0.reason]) }
            }
        }
        provide(MetricCatalogue.shadowAnswers) {
            service.statuses().flatMap { status -> [MetricSample] in
                let tallies = (try? service.endpoint(status.endpoint).shadowTallies) ?? [:]
                return tallies.flatMap { version, tally in
                    tally.byOutcome.map {
                        MetricSample(
                            Double($0.count), labels: [status.endpoint, "\(version.number)", $0.outcome])
                    }
                }
            }
        }
        provide(MetricCatalogue.cacheRequests) {
            service.statuses().flatMap { status -> [MetricSample] in
                guard let cache = try? service.endpoint(status.endpoint).cache.statistics else { return [] }
                return [
                    MetricSample(Double(cache.hits), labels: [status.endpoint, "hit"]),
                    MetricSample(Double(cache.misses), labels: [status.endpoint, "miss"]),
                ]
            }
        }
        provide(MetricCatalogue.queued) { service.versionSamples { $0.waiting } }
        provide(MetricCatalogue.hungCalls) { service.versionSamples { $0.hungCalls } }
    }

    /// Adds what is shared by all endpoints: cores and memory.
    func provideSharedMetrics(_ cores: CoreGate, _ memory: ModelMemory) {
        provide(MetricCatalogue.coresInUse) { [MetricSample(Double(cores.snapshot.inUse))] }
        provide(MetricCatalogue.coreWaiters) {
            let snapshot = cores.snapshot
            return [MetricSample(Double(snapshot.waiting + snapshot.waitingInBackground))]
        }
        provide(MetricCatalogue.modelMemory) {
            let load = memory.load
            return [
                MetricSample(Double(load.used), labels: ["used"]),
                MetricSample(Double(load.budget), labels: ["budget"]),
            ]
        }
    }
}

extension InferenceService {
    /// A number of every version that has lanes.
    fileprivate func versionSamples(_ value: (VersionStatus) -> Int) -> [MetricSample] {
        statuses().flatMap { status in
            status.versions.filter { $0.lanes > 0 }.map {
                MetricSample(Double(value($0)), labels: [status.endpoint, "\($0.version.number)"])
            }
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
