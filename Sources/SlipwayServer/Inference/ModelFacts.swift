// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayServing
import SlipwayWire

/// What is told of models over every protocol: readiness, metadata, configuration, statistics.
struct ModelFacts: Sendable {
    let service: InferenceService
    let metrics: MetricsRegistry

    /// Whether a model answers. A cold endpoint does: a client that asks first would never have it loaded otherwise.
    ///
    /// - Throws: ``ServingError`` `notReady` when the model is known and does not, other codes when it is not known.
    func checkReady(_ name: String, version: Int?) throws {
        let endpoint = try service.endpoint(name)
        do {
            _ = try endpoint.version(version)
        } catch {
            guard error.code == .notReady, endpoint.status().isCold else { throw error }
        }
    }

    func metadata(_ name: String, version: Int?, _ patience: Patience) async throws -> V2ModelMetadata {
        let (loaded, versions) = try await describe(name, version, patience)
        return V2ModelMetadata(
            name: name, versions: versions, platform: Self.platform(loaded), signature: loaded.model.signature)
    }

    func configuration(_ name: String, version: Int?, _ patience: Patience) async throws -> V2ModelConfiguration {
        let (loaded, versions) = try await describe(name, version, patience)
        return V2ModelConfiguration(
            name: name, platform: Self.platform(loaded), backend: loaded.engine, maximumBatchSize: 0,
            signature: loaded.model.signature, instanceCount: loaded.laneCount, versions: versions,
            defaultFileName: "model." + loaded.resolved.format.rawValue)
    }

    /// How long a question may wait for a model that is loaded on demand.
    struct Patience: Sendable {
        var deadline: ContinuousClock.Instant?
        var cancellation: CancellationFlag
    }

    /// The version asked for, brought into memory where it is loaded on demand, and all that are there.
    private func describe(
        _ name: String, _ version: Int?, _ patience: Patience
    ) async throws -> (LoadedVersion, versions: [Int]) {
        let endpoint = try service.endpoint(name)
        let loaded = try await endpoint.readyVersion(version, until: patience.deadline, patience.cancellation)
        return (loaded, version.map { [$0] } ?? endpoint.readyVersions.map(\.id.number))
    }

    private static func platform(_ loaded: LoadedVersion) -> String {
        "\(loaded.engine)_\(loaded.resolved.format.rawValue)"
    }

    // MARK: - Statistics

    /// Of every version that is loaded.
    func statistics() -> [ModelStatistics] { served().map(statistics) }

    /// Of one model's loaded versions, or of one of them.
    func statistics(_ name: String, version: Int?) throws -> [ModelStatistics] {
        let endpoint = try service.endpoint(name)
        let ready = endpoint.readyVersions
        // Of a cold endpoint nothing is loaded and nothing is wrong.
        if ready.isEmpty, endpoint.status().isCold { return [] }
        let loaded = try endpoint.version(version)
        if version != nil { return [statistics(name, loaded)] }
        return ready.map { statistics(name, $0) }
    }

    private func served() -> [(String, LoadedVersion)] {
        service.statuses().flatMap { status -> [(String, LoadedVersion)] in
            guard let endpoint = try? service.endpoint(status.endpoint) else { return [] }
            return endpoint.readyVersions.map { (status.endpoint, $0) }
        }
    }

    private func statistics(_ endpoint: String, _ loaded: LoadedVersion) -> ModelStatistics {
        let totals = metrics.statistics(endpoint: endpoint, version: loaded.id.number)
        var statistics = ModelStatistics(name: endpoint, version: loaded.id.number)
        statistics.lastInference = UInt64(max(0, totals.lastInference?.milliseconds ?? 0))
        statistics.inferenceCount = totals.inferenceCount
        statistics.executionCount = totals.executionCount
        statistics.success = StatisticDuration(totals.success)
        statistics.fail = StatisticDuration(totals.failure)
        statistics.queue = StatisticDuration(totals.queue)
        statistics.computeInput = StatisticDuration(totals.computeInput)
        statistics.computeInfer = StatisticDuration(totals.compute)
        statistics.computeOutput = StatisticDuration(totals.computeOutput)
        statistics.cacheHit = StatisticDuration(totals.cacheHit)
        statistics.batches = totals.batches.map { batch in
            ModelStatistics.Batch(
                batchSize: batch.size, computeInput: StatisticDuration(batch.computeInput),
                computeInfer: StatisticDuration(batch.compute), computeOutput: StatisticDuration(batch.computeOutput))
        }
        let resident = loaded.model.residentBytes
        if resident > 0 {
            statistics.memory = [ModelStatistics.Memory(kind: "CPU", id: 0, byteCount: UInt64(resident))]
        }
        return statistics
    }
}

extension StatisticDuration {
    fileprivate init(_ total: EndpointStatistics.Total) {
        self.init(count: total.count, nanoseconds: total.nanoseconds)
    }
}
