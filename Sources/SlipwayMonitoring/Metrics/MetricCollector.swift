// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Gathers the values of metrics into families, in the order in which they come.
struct MetricCollector {
    private(set) var families: [MetricFamily] = []
    /// Points that were left out, because a metric had more than ``maximumPoints``.
    private(set) var leftOut = 0
    /// Whether latencies are also counted in native buckets.
    private let isNative: Bool
    private let maximumPoints: Int

    init(isNative: Bool, maximumPoints: Int) {
        self.isNative = isNative
        self.maximumPoints = maximumPoints
    }

    /// What follows are values of `metric`.
    mutating func begin(_ metric: MetricDescriptor) { families.append(MetricFamily(metric)) }

    mutating func sample(_ metric: MetricDescriptor, labels: [String], value: Double) {
        add(metric, labels, .number(value))
    }

    mutating func sample(_ metric: MetricDescriptor, labels: [String], value: UInt64) {
        add(metric, labels, .number(Double(value)))
    }

    /// One histogram of latencies.
    ///
    /// - Parameter unit: How long one of what is shown is.
    mutating func histogram(
        _ metric: MetricDescriptor, labels: [String], distribution: LatencyDistribution, bounds: [Duration],
        unit: Duration = .seconds(1), exemplars: [Exemplar] = []
    ) {
        let nanoseconds = Double(max(1, unit.clampedNanoseconds))
        let shown = bounds.map { Double($0.clampedNanoseconds) / nanoseconds }
        // Native buckets are of seconds.
        let native = isNative && unit == .seconds(1) ? NativeBuckets(distribution) : nil
        add(
            metric, labels,
            .histogram(
                HistogramValue(
                    bounds: shown, cumulative: distribution.cumulativeCounts(upTo: bounds),
                    count: distribution.count, sum: Double(distribution.sumNanoseconds) / nanoseconds,
                    native: native, exemplars: exemplars)))
    }

    /// One histogram with bounds of its own.
    mutating func histogram(_ metric: MetricDescriptor, labels: [String], counts: BucketCounts) {
        var total: UInt64 = 0
        let cumulative = counts.counts.dropLast().map { count in
            total &+= count
            return total
        }
        let value = HistogramValue(
            bounds: counts.bounds.map { Double($0) / counts.scale }, cumulative: cumulative, count: counts.count,
            sum: Double(counts.sum) / counts.scale)
        add(metric, labels, .histogram(value))
    }

    /// Labels that are not the metric's are left out with their value: a format could not write them.
    private mutating func add(_ metric: MetricDescriptor, _ labels: [String], _ value: MetricPoint.Value) {
        guard labels.count == metric.labels.count, let last = families.indices.last else { return }
        guard families[last].points.count < maximumPoints else {
            leftOut += 1
            return
        }
        families[last].points.append(MetricPoint(labels: labels, value: value))
    }
}
