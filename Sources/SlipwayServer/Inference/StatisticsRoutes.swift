// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayServing
import SlipwayWire

/// V2 statistics: exact counts and sums per endpoint and version.
struct StatisticsRoutes: Sendable {
    let service: InferenceService
    let metrics: MetricsRegistry

    var routes: [Route] {
        let documentation = Route.Documentation(
            summary: "Counts and times of inference.", tag: "Open Inference Protocol V2")
        return [
            Route(.get, "/v2/models/stats", documentation) { _ in
                .json(ModelStatistics.encode(served().map(statistics)))
            },
            Route(.get, "/v2/models/{model}/stats", documentation, one),
            Route(.get, "/v2/models/{model}/versions/{version}/stats", documentation, one),
        ]
    }

    @Sendable private func one(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = try service.endpoint(call["model"])
        let number = try call.version()
        let ready = endpoint.readyVersions
        // Of a cold endpoint nothing is loaded and nothing is wrong.
        if ready.isEmpty, endpoint.status().isCold { return .json(ModelStatistics.encode([])) }
        let loaded = try endpoint.version(number)
        if number != nil { return .json(ModelStatistics.encode([statistics(call["model"], loaded)])) }
        return .json(ModelStatistics.encode(ready.map { statistics(call["model"], $0) }))
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
