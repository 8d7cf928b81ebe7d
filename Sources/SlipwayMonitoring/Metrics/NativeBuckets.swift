// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// The buckets of a Prometheus native histogram of schema 3: eight to each power of two, 9 % wide.
///
/// Bucket `i` holds values above `2^((i-1)/8)` and up to `2^(i/8)`; only buckets with values are listed. They are
/// made of the ``LatencyScale``'s cells, which are 1.6 % wide: a value may count in the bucket beside its own when it
/// is that near a bound.
package struct NativeBuckets: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
        package let index: Int
        package let count: UInt64
    }

    package static let schema = 3
    /// Values up to it are zero, as far as the histogram tells: about a microsecond.
    package static let zeroThreshold = 0x1p-20

    package let zeroCount: UInt64
    /// In order of their indices.
    package let buckets: [Bucket]

    /// From the zero threshold to 2^(57/8) s = 139 s, the end of the latency scale.
    private static let indices = -160...57
    private static let bounds: [Duration] = indices.map { index in
        .nanoseconds(Int64((exp2(Double(index) / 8) * 1e9).rounded()))
    }

    init(_ distribution: LatencyDistribution) {
        let cumulative = distribution.cumulativeCounts(upTo: Self.bounds)
        var before = cumulative[0]
        zeroCount = before
        var buckets: [Bucket] = []
        for (index, total) in zip(Self.indices, cumulative).dropFirst() where total > before {
            buckets.append(Bucket(index: index, count: total - before))
            before = total
        }
        // What is longer than the scale tells: as if it were just beyond its end.
        if distribution.count > before {
            buckets.append(Bucket(index: Self.indices.upperBound + 1, count: distribution.count - before))
        }
        self.buckets = buckets
    }
}
