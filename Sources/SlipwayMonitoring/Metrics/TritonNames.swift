// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Triton's names for what we measure too. The label `model` is our endpoint.
package enum TritonNames {
    package static let all = sums + [pending, loadDuration, cacheHits, cacheMisses, memoryUsed]

    private static let sums = [
        counter("request_success", MetricCatalogue.requests, "Requests that succeeded.") { $0.success.count },
        failures,
        counter("count", MetricCatalogue.rows, "Rows inferred.") { $0.inferenceCount },
        counter("exec_count", MetricCatalogue.executions, "Engine calls.") { $0.executionCount },
        microseconds("request", MetricCatalogue.duration, "requests, from receipt to answer") { $0.success },
        microseconds("queue", MetricCatalogue.queue, "requests in the queue") { $0.queue },
        microseconds("compute_input", MetricCatalogue.compute, "handing over inputs") { $0.computeInput },
        microseconds("compute_infer", MetricCatalogue.compute, "computing") { $0.compute },
        microseconds("compute_output", MetricCatalogue.compute, "taking outputs") { $0.computeOutput },
    ]

    private static let failures = CompatibilityName(
        descriptor(
            "nv_inference_request_failure", .counter, "requests", ["model", "version", "reason"],
            "Requests that failed, by reason: REJECTED, CANCELED, BACKEND, OTHER."), MetricCatalogue.requests
    ) { scrape, shown, collector in
        for series in scrape.series where series.hasVersion {
            var sums = ["REJECTED": UInt64(0), "CANCELED": 0, "BACKEND": 0, "OTHER": 0]
            for (category, count) in series.counters.failures { sums[reason(category), default: 0] &+= count }
            for (reason, count) in sums.sorted(by: { $0.key < $1.key }) {
                collector.sample(shown, labels: series.labels + [reason], value: count)
            }
        }
    }

    private static let pending = provided(
        descriptor(
            "nv_inference_pending_request_count", .gauge, "requests", ["model", "version"],
            "Requests that wait for the engine."), MetricCatalogue.queued)
    private static let loadDuration = provided(
        descriptor(
            "nv_model_load_duration_secs", .gauge, "seconds", ["model", "version"],
            "How long the latest load took."), MetricCatalogue.loadDuration)
    private static let memoryUsed = provided(
        descriptor(
            "nv_cpu_memory_used_bytes", .gauge, "bytes", [], "Resident memory of the process."),
        MetricCatalogue.residentMemory)
    private static let cacheHits = cache("nv_cache_num_hits_per_model", "hit", "Answers found in the cache.")
    private static let cacheMisses = cache("nv_cache_num_misses_per_model", "miss", "Answers not in the cache.")

    /// What Triton calls a failure of this category.
    private static func reason(_ category: ErrorCategory) -> String {
        switch category {
        case .unavailable, .quotaExceeded, .deadlineExceeded, .outOfResources: "REJECTED"
        case .cancelled: "CANCELED"
        case .internal, .corrupt: "BACKEND"
        default: "OTHER"
        }
    }

    private static func counter(
        _ name: String, _ source: MetricDescriptor, _ help: String,
        _ value: @escaping @Sendable (EndpointStatistics) -> UInt64
    ) -> CompatibilityName {
        CompatibilityName(
            descriptor("nv_inference_" + name, .counter, "requests", ["model", "version"], help), source
        ) { scrape, shown, collector in
            for series in scrape.series where series.hasVersion {
                collector.sample(shown, labels: series.labels, value: value(series.counters.statistics))
            }
        }
    }

    private static func microseconds(
        _ name: String, _ source: MetricDescriptor, _ what: String,
        _ value: @escaping @Sendable (EndpointStatistics) -> EndpointStatistics.Total
    ) -> CompatibilityName {
        counter(name + "_duration_us", source, "Microseconds of \(what), added up.") { value($0).nanoseconds / 1000 }
    }

    private static func cache(_ name: String, _ outcome: String, _ help: String) -> CompatibilityName {
        CompatibilityName(
            descriptor(name, .counter, "requests", ["model"], help), MetricCatalogue.cacheRequests
        ) { scrape, shown, collector in
            for sample in scrape.provided(MetricCatalogue.cacheRequests) where sample.labelValues.last == outcome {
                collector.sample(shown, labels: Array(sample.labelValues.dropLast()), value: sample.value)
            }
        }
    }

    /// As our metric has it.
    private static func provided(_ shown: MetricDescriptor, _ source: MetricDescriptor) -> CompatibilityName {
        CompatibilityName(shown, source) { scrape, shown, collector in
            for sample in scrape.provided(source) {
                collector.sample(shown, labels: sample.labelValues, value: sample.value)
            }
        }
    }

    private static func descriptor(
        _ name: String, _ kind: MetricDescriptor.Kind, _ unit: String, _ labels: [String], _ help: String
    ) -> MetricDescriptor {
        MetricDescriptor(name: name, kind: kind, unit: unit, labels: labels, help: help)
    }
}
