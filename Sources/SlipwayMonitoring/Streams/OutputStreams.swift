// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Watches the means of a version's numeric outputs from second to second.
///
/// Costs nothing for each row: it takes the differences of what the bucket has counted.
struct OutputStreams: Sendable {
    /// Outputs watched, the first ones.
    private static let maximum = 8
    /// Rows that an interval's mean is of, at least; an interval goes on until it has them.
    private static let leastRows: UInt64 = 20
    private static let leastMilliseconds: Int64 = 1000

    private struct Stream: Sendable {
        let name: String
        let column: Int
        let center: Double
        var detectors = ChangeDetectors()
        /// What was collected of the bucket before.
        var seenCount: UInt64 = 0
        var seenSum = 0.0
        /// Of the interval.
        var count: UInt64 = 0
        var sum = 0.0
    }

    private var streams: [Stream]
    private var intervalStart: Timestamp?
    private(set) var log = ChangeLog()

    init(_ set: ColumnSet) {
        let numeric = (set.featureCount..<set.columns.count).filter { set.columns[$0].kind == .numeric }
        streams = numeric.prefix(Self.maximum).map {
            Stream(name: set.columns[$0].name, column: $0, center: set.slots[$0].center)
        }
    }

    /// Takes what the bucket has counted since the last call.
    mutating func collect(_ bucket: WindowBucket) {
        for index in streams.indices {
            let tally = bucket.tallies[streams[index].column]
            streams[index].count &+= tally.finite &- streams[index].seenCount
            streams[index].sum += tally.sum - streams[index].seenSum
            streams[index].seenCount = tally.finite
            streams[index].seenSum = tally.sum
        }
    }

    /// A new bucket begins at 0.
    mutating func bucketEnded() {
        for index in streams.indices {
            streams[index].seenCount = 0
            streams[index].seenSum = 0
        }
    }

    /// Counting goes on in a stored bucket: what is in it is not new.
    mutating func bucketResumed(_ totals: WindowTotals) {
        for index in streams.indices {
            let tally = totals.tallies[streams[index].column]
            streams[index].seenCount = tally.finite
            streams[index].seenSum = tally.sum
        }
    }

    /// Ends the interval where it is long enough.
    mutating func tick(at now: Timestamp) {
        let start = intervalStart ?? now
        intervalStart = start
        let age = now.milliseconds - start.milliseconds
        // Also where the clock was set back.
        guard age >= Self.leastMilliseconds || age < 0 else { return }
        intervalStart = now
        for index in streams.indices where streams[index].count >= Self.leastRows {
            let mean = streams[index].center + streams[index].sum / Double(streams[index].count)
            streams[index].count = 0
            streams[index].sum = 0
            if let found = streams[index].detectors.add(mean, at: now) { log.note(found, in: streams[index].name) }
        }
    }

    mutating func readings(at now: Timestamp) -> [(subject: String, reading: SignalReading)] {
        log.readings(at: now)
    }
}
