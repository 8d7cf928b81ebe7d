// SPDX-License-Identifier: Apache-2.0

/// The one scale on which latencies are counted: 64 equal cells in each power of two.
///
/// From 1 microsecond to 137 seconds a cell is at most 1/64 of its lower bound wide, so its middle is within
/// 0.8 % of every value in it: two significant digits. Below 1 microsecond cells are 16 nanoseconds wide; what is
/// longer falls into the last cell. The layout follows the idea of HdrHistogram (Tene, 2012).
public enum LatencyScale {
    /// A step of the scale is 2^4 = 16 nanoseconds.
    private static let unitBits = 4
    /// 2^6 = 64 cells to each power of two.
    private static let cellBits = 6
    /// Powers of two after the first 64 steps, enough for 137 seconds.
    private static let octaves = 27

    public static let cellCount = (octaves + 1) << cellBits

    /// The cell that counts a latency; O(1).
    public static func cell(ofNanoseconds nanoseconds: UInt64) -> Int {
        let steps = nanoseconds >> UInt64(unitBits)
        guard steps >> UInt64(cellBits) != 0 else { return Int(steps) }
        let octave = 63 - steps.leadingZeroBitCount - cellBits
        guard octave < octaves else { return cellCount - 1 }
        return octave << cellBits + Int(steps >> UInt64(octave))
    }

    /// The smallest latency that a cell counts, in nanoseconds.
    ///
    /// - Precondition: `cell` is in `0...cellCount`.
    public static func lowerBound(ofCell cell: Int) -> UInt64 {
        let octave = max(0, cell >> cellBits - 1)
        return UInt64(cell - octave << cellBits) << UInt64(octave + unitBits)
    }

    /// The middle of a cell, in nanoseconds.
    public static func middle(ofCell cell: Int) -> UInt64 {
        let lower = lowerBound(ofCell: cell)
        return lower + (lowerBound(ofCell: cell + 1) - lower) / 2
    }
}

extension Duration {
    /// Whole nanoseconds; 0 when negative, the greatest `UInt64` when there are more.
    public var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflow || carry ? .max : sum
    }

    /// A duration of so many nanoseconds, at most what an `Int64` counts.
    public static func nanoseconds(clamping count: UInt64) -> Duration { .nanoseconds(Int64(clamping: count)) }
}
