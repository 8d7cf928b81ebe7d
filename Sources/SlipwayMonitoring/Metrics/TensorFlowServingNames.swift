// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// TensorFlow Serving's names for what we measure too. The label `model_name` is our endpoint, all versions together.
package enum TensorFlowServingNames {
    package static let all = [
        CompatibilityName(
            MetricDescriptor(
                name: ":tensorflow:serving:request_count", kind: .counter, unit: "requests",
                labels: ["model_name", "status"], help: "Requests by status: OK, or the gRPC code of the failure."),
            MetricCatalogue.requests, write: requests),
        latency(
            "request_latency", ["model_name", "API", "entrypoint"], ["Predict", "Slipway"], MetricCatalogue.duration,
            "Microseconds from receipt to answer, successful requests only."
        ) { $0.duration },
        latency(
            "runtime_latency", ["model_name", "API", "runtime"], ["Predict", "Slipway"], MetricCatalogue.compute,
            "Microseconds inside the engine, successful requests only."
        ) { $0.compute },
    ]

    /// 10 microseconds and 32 times 1.8-fold: to about 25 minutes.
    private static let bounds: [Duration] = (0..<33).map { step in
        var microseconds = 10.0
        for _ in 0..<step { microseconds *= 1.8 }
        return .nanoseconds(Int64(microseconds * 1000))
    }

    private static func requests(
        _ scrape: MetricsScrape, _ shown: MetricDescriptor, _ collector: inout MetricCollector
    ) {
        for (endpoint, all) in byEndpoint(scrape) {
            var sums: [String: UInt64] = [:]
            for series in all {
                sums["OK", default: 0] &+= series.counters.statistics.success.count
                for (category, count) in series.counters.failures { sums[status(category), default: 0] &+= count }
            }
            for (status, count) in sums.sorted(by: { $0.key < $1.key }) {
                collector.sample(shown, labels: [endpoint, status], value: count)
            }
        }
    }

    private static func latency(
        _ name: String, _ labels: [String], _ values: [String], _ source: MetricDescriptor, _ help: String,
        _ histogram: @escaping @Sendable (EndpointSeries) -> LatencyHistogram
    ) -> CompatibilityName {
        CompatibilityName(
            MetricDescriptor(
                name: ":tensorflow:serving:" + name, kind: .histogram, unit: "microseconds", labels: labels,
                help: help), source
        ) { scrape, shown, collector in
            for (endpoint, all) in byEndpoint(scrape) {
                var sum = LatencyDistribution()
                for series in all { sum.merge(histogram(series.series).snapshot()) }
                collector.histogram(
                    shown, labels: [endpoint] + values, distribution: sum, bounds: bounds, unit: .microseconds(1))
            }
        }
    }

    private static func byEndpoint(_ scrape: MetricsScrape) -> [(String, [SeriesReading])] {
        Dictionary(grouping: scrape.series) { $0.labels[0] }.sorted { $0.key < $1.key }
    }

    private static func status(_ category: ErrorCategory) -> String {
        switch category {
        case .invalidInput, .tooLarge: "INVALID_ARGUMENT"
        case .notFound: "NOT_FOUND"
        case .conflict: "ALREADY_EXISTS"
        case .unauthenticated: "UNAUTHENTICATED"
        case .forbidden: "PERMISSION_DENIED"
        case .quotaExceeded, .outOfResources: "RESOURCE_EXHAUSTED"
        case .unavailable: "UNAVAILABLE"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .cancelled: "CANCELLED"
        case .unsupported: "UNIMPLEMENTED"
        case .corrupt: "DATA_LOSS"
        case .internal: "INTERNAL"
        }
    }
}
