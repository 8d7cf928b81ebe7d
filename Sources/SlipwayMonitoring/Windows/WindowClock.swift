// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides when a bucket of a window ends.
///
/// Buckets begin at multiples of their length since 1970, the same on every replica and after a restart. A bucket
/// also ends after so many rows. A clock that jumps ahead ends buckets; one that jumps back by more than the tolerance
/// moves all buckets back with it, so that none seems to lie in the future; by less, rows only came out of order.
package struct WindowClock: Sendable, Hashable {
    package enum Action: Sendable, Equatable {
        case stay
        /// The bucket ends; the next begins at the instant.
        case end(next: Timestamp)
        /// The clock was set back by so many milliseconds.
        case moveBack(milliseconds: Int64)
    }

    /// How far rows may be out of order, in milliseconds.
    package static let tolerance: Int64 = 60_000

    package let bucketMilliseconds: Int64
    /// Parts of a window, the one being counted included.
    package let buckets: Int
    package let bucketRows: UInt64

    package init(_ spec: MonitoringSpec) {
        let seconds = spec.windowSeconds ?? 3600
        let window = Int64(max(1, min(seconds.isFinite ? seconds : 3600, 366 * 86_400)) * 1000)
        buckets = max(1, min(spec.buckets ?? MonitoringSpec.usualBuckets, StoredWindow.maximumParts))
        bucketMilliseconds = max(1, window / Int64(buckets))
        bucketRows = spec.bucketRows.map { UInt64(clamping: max(1, $0)) } ?? WindowBucket.maximumRows
    }

    package var windowMilliseconds: Int64 { bucketMilliseconds * Int64(buckets) }

    /// The start of the bucket that an instant falls in.
    package func start(of instant: Timestamp) -> Timestamp {
        let (quotient, remainder) = instant.milliseconds.quotientAndRemainder(dividingBy: bucketMilliseconds)
        return Timestamp(milliseconds: (remainder < 0 ? quotient - 1 : quotient) * bucketMilliseconds)
    }

    /// - Parameters:
    ///   - startedAt, lastAt, rows: Of the bucket being counted.
    ///   - now: Of the next row.
    package func action(startedAt: Timestamp, lastAt: Timestamp, rows: UInt64, now: Timestamp) -> Action {
        let age = now.milliseconds &- startedAt.milliseconds
        if age >= 0, age < bucketMilliseconds, rows < bucketRows, rows < WindowBucket.maximumRows,
            now.milliseconds >= lastAt.milliseconds - Self.tolerance
        {
            return endsByClock(startedAt, now) ? .end(next: start(of: now)) : .stay
        }
        return slowAction(startedAt: startedAt, lastAt: lastAt, rows: rows, now: now)
    }

    /// A bucket that began by count, in the middle of a period, still ends with the period.
    @inline(__always)
    private func endsByClock(_ startedAt: Timestamp, _ now: Timestamp) -> Bool {
        startedAt.milliseconds % bucketMilliseconds != 0 && start(of: now) > startedAt
    }

    private func slowAction(startedAt: Timestamp, lastAt: Timestamp, rows: UInt64, now: Timestamp) -> Action {
        let back = lastAt.milliseconds - now.milliseconds
        if back > Self.tolerance { return .moveBack(milliseconds: back) }
        if rows >= bucketRows || rows >= WindowBucket.maximumRows {
            // Never the start of the bucket before: starts tell buckets apart.
            return .end(next: Timestamp(milliseconds: max(now.milliseconds, startedAt.milliseconds + 1)))
        }
        let next = start(of: now)
        return next > startedAt ? .end(next: next) : .stay
    }
}
