// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A metric with all its values at one moment: what every exposition and every push is written from.
package struct MetricFamily: Sendable {
    package let metric: MetricDescriptor
    package internal(set) var points: [MetricPoint] = []

    package init(_ metric: MetricDescriptor, points: [MetricPoint] = []) {
        self.metric = metric
        self.points = points
    }
}

/// One value of a metric.
package struct MetricPoint: Sendable {
    package enum Value: Sendable {
        case number(Double)
        case histogram(HistogramValue)
    }

    /// In the order of the descriptor's labels.
    package let labels: [String]
    package let value: Value

    package init(labels: [String], value: Value) {
        self.labels = labels
        self.value = value
    }
}

/// What a histogram holds, in the unit that is shown.
package struct HistogramValue: Sendable {
    /// Ascending; the bucket without a bound is not among them.
    package let bounds: [Double]
    /// For each bound, how many values do not exceed it.
    package let cumulative: [UInt64]
    package let count: UInt64
    package let sum: Double
    /// `nil` where the counts are too coarse for it, or nobody asked.
    package let native: NativeBuckets?
    /// At most one for each bucket, those of the lower buckets first.
    package let exemplars: [Exemplar]

    package init(
        bounds: [Double], cumulative: [UInt64], count: UInt64, sum: Double, native: NativeBuckets? = nil,
        exemplars: [Exemplar] = []
    ) {
        self.bounds = bounds
        self.cumulative = cumulative
        self.count = count
        self.sum = sum
        self.native = native
        self.exemplars = exemplars
    }

    /// For each bound the values above the one before; then those above all.
    package var separate: [UInt64] {
        var before: UInt64 = 0
        return (cumulative + [count]).map { total in
            defer { before = max(before, total) }
            return total > before ? total - before : 0
        }
    }
}

/// A value that somebody can look at: one request and its trace.
package struct Exemplar: Sendable, Hashable {
    package let trace: TraceLink
    package let value: Double
    package let at: Timestamp

    package init(trace: TraceLink, value: Double, at: Timestamp) {
        self.trace = trace
        self.value = value
        self.at = at
    }

    /// What the formats show of the trace; well under OpenMetrics' limit of 128 characters.
    var labels: [(name: String, value: String)] {
        [("trace_id", trace.traceID), ("span_id", trace.spanIDText)]
    }
}
