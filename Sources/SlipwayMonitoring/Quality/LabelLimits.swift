// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The bounds of a ``LabelState``, in milliseconds and bytes.
package struct LabelLimits: Sendable, Hashable {
    package var labelWindow: Int64
    /// Of the predictions kept: their bytes in the journal, and 64 more of each for its header and the index.
    package var budgetBytes: Int
    package var window: WindowShape

    package init(_ spec: MonitoringSpec) {
        labelWindow = Self.milliseconds(spec.labelWindowSeconds ?? 86_400, atMost: 366 * 86_400)
        budgetBytes = min(max(spec.labelBudgetBytes ?? 64 << 20, 64 << 10), 64 << 30)
        let length = Self.milliseconds(spec.windowSeconds ?? 3600, atMost: 366 * 86_400)
        let buckets = min(max(spec.buckets ?? MonitoringSpec.usualBuckets, 1), 60)
        window = WindowShape(bucketMilliseconds: max(length / Int64(buckets), 1), buckets: buckets)
    }

    /// Predictions are remembered for twice the label window: what comes in the second is told to be late.
    var remembered: Int64 { labelWindow * 2 }

    private static func milliseconds(_ seconds: Double, atMost: Double) -> Int64 {
        guard seconds > 0 else { return 1 }
        return max(Int64(min(seconds, atMost) * 1000), 1)
    }
}

/// How a window is cut into parts that come and go together.
package struct WindowShape: Sendable, Hashable {
    package var bucketMilliseconds: Int64
    package var buckets: Int

    func index(_ at: Timestamp) -> Int64 {
        let (quotient, remainder) = at.milliseconds.quotientAndRemainder(dividingBy: bucketMilliseconds)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
