// SPDX-License-Identifier: Apache-2.0

/// Latencies counted on the ``LatencyScale``: 14 KiB whatever their number.
///
/// Count, sum, least and greatest are exact; quantiles are within 0.8 % of the true value from
/// 1 microsecond to 137 seconds.
public struct LatencyDistribution: Sendable, Equatable {
    private var cells: [UInt64]
    public private(set) var count: UInt64 = 0
    /// Nanoseconds of all together; stays at the greatest `UInt64` once reached.
    public private(set) var sumNanoseconds: UInt64 = 0
    private var leastNanoseconds = UInt64.max
    private var greatestNanoseconds: UInt64 = 0

    public init() { cells = [UInt64](repeating: 0, count: LatencyScale.cellCount) }

    /// A distribution from counts made elsewhere, one for each cell of the scale.
    ///
    /// - Precondition: `cells` has ``LatencyScale/cellCount`` elements.
    public init(cells: [UInt64], sumNanoseconds: UInt64, least: UInt64, greatest: UInt64) {
        precondition(cells.count == LatencyScale.cellCount, "one count for each cell of the scale")
        self.cells = cells
        count = cells.reduce(0, &+)
        self.sumNanoseconds = sumNanoseconds
        leastNanoseconds = least
        greatestNanoseconds = greatest
    }

    public mutating func record(_ latency: Duration) { record(nanoseconds: latency.clampedNanoseconds) }

    public mutating func record(nanoseconds: UInt64) {
        cells[LatencyScale.cell(ofNanoseconds: nanoseconds)] &+= 1
        count &+= 1
        sumNanoseconds = sumNanoseconds.saturatingAdd(nanoseconds)
        leastNanoseconds = min(leastNanoseconds, nanoseconds)
        greatestNanoseconds = max(greatestNanoseconds, nanoseconds)
    }

    /// Adds what another distribution counted.
    public mutating func merge(_ other: LatencyDistribution) {
        for index in cells.indices { cells[index] &+= other.cells[index] }
        count &+= other.count
        sumNanoseconds = sumNanoseconds.saturatingAdd(other.sumNanoseconds)
        leastNanoseconds = min(leastNanoseconds, other.leastNanoseconds)
        greatestNanoseconds = max(greatestNanoseconds, other.greatestNanoseconds)
    }

    /// `nil` when nothing was recorded.
    public var least: Duration? { count == 0 ? nil : .nanoseconds(clamping: leastNanoseconds) }
    /// `nil` when nothing was recorded.
    public var greatest: Duration? { count == 0 ? nil : .nanoseconds(clamping: greatestNanoseconds) }
    /// `nil` when nothing was recorded.
    public var mean: Duration? { count == 0 ? nil : .nanoseconds(clamping: sumNanoseconds / count) }

    /// The latency that a share `q` of all do not exceed, by the nearest-rank rule; `nil` when nothing was recorded.
    ///
    /// - Parameter q: 0...1; 1 gives the exact greatest.
    public func quantile(_ q: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = (q * Double(count)).rounded(.up)
        guard rank < Double(count) else { return greatest }
        var seen: UInt64 = 0
        for (index, cell) in cells.enumerated() where cell > 0 {
            seen &+= cell
            guard Double(seen) < max(rank, 1) else {
                let middle = LatencyScale.middle(ofCell: index)
                return .nanoseconds(clamping: min(max(middle, leastNanoseconds), greatestNanoseconds))
            }
        }
        return greatest
    }

    /// How many latencies lie in cells that begin at or below each bound; bounds ascend.
    ///
    /// A latency less than one cell (1.6 %) above a bound counts as within it.
    public func cumulativeCounts(upTo bounds: [Duration]) -> [UInt64] {
        var result: [UInt64] = []
        var next = 0
        var total: UInt64 = 0
        for bound in bounds {
            let end = LatencyScale.cell(ofNanoseconds: bound.clampedNanoseconds) + 1
            while next < end {
                total &+= cells[next]
                next += 1
            }
            result.append(total)
        }
        return result
    }
}

extension UInt64 {
    fileprivate func saturatingAdd(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
