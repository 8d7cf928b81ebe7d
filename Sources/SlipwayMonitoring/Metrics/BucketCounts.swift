// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Values counted between fixed bounds: what a Prometheus histogram shows, and no more.
///
/// For what ``LatencyHistogram`` does not reach: times of many minutes, and numbers of tokens. About 200 bytes;
/// adding is a binary search.
struct BucketCounts: Sendable {
    /// Ascending; a value equal to a bound is within it.
    let bounds: [UInt64]
    /// How many units make one of what is shown: 1e9 for nanoseconds shown as seconds.
    let scale: Double
    /// For each bound the values above the one before; then those above all.
    private(set) var counts: [UInt64]
    private(set) var sum: UInt64 = 0

    /// Seconds.
    init(durations: [Duration]) { self.init(bounds: durations.map(\.clampedNanoseconds), scale: 1e9) }

    /// Plain numbers.
    init(numbers: [UInt64]) { self.init(bounds: numbers, scale: 1) }

    private init(bounds: [UInt64], scale: Double) {
        self.bounds = bounds
        self.scale = scale
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    var count: UInt64 { counts.reduce(0, &+) }

    mutating func add(_ duration: Duration) { add(duration.clampedNanoseconds) }

    /// Negative numbers count as 0.
    mutating func add(_ number: Int) { add(UInt64(clamping: number)) }

    private mutating func add(_ value: UInt64) {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low] &+= 1
        let (total, overflow) = sum.addingReportingOverflow(value)
        sum = overflow ? .max : total
    }
}
