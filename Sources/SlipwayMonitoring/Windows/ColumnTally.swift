// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// What is counted of a column beside its cells.
struct ColumnTally: Sendable, Hashable {
    /// Values that were there, infinities included.
    var count: UInt64 = 0
    /// NaN, and empty text.
    var missing: UInt64 = 0
    var infinite: UInt64 = 0
    /// Below and above the reference's extremes.
    var below: UInt64 = 0
    var above: UInt64 = 0
    /// At or beyond them.
    var saturated: UInt64 = 0
    /// Categories that the reference did not have.
    var fresh: UInt64 = 0
    /// Rows whose tensor was missing, of another type, or of another width.
    var typeErrors: UInt64 = 0
    /// Of the finite values' distances from the reference's mean.
    var sum = 0.0
    var squares = 0.0
    /// Distances of what lies outside the reference's edges.
    var lowerTail = 0.0
    var upperTail = 0.0
    var least = Double.infinity
    var greatest = -Double.infinity
    /// Examples that were noted in this bucket; not kept over restarts.
    var noted: UInt8 = 0

    /// What is counted, in one order for the codec.
    var counters: [UInt64] {
        get { [count, missing, infinite, below, above, saturated, fresh, typeErrors] }
        set {
            guard newValue.count == Self.counterCount else { return }
            (count, missing, infinite, below) = (newValue[0], newValue[1], newValue[2], newValue[3])
            (above, saturated, fresh, typeErrors) = (newValue[4], newValue[5], newValue[6], newValue[7])
        }
    }
    static let counterCount = 8

    /// What is added up, in one order for the codec.
    var sums: [Double] {
        get { [sum, squares, lowerTail, upperTail] }
        set {
            guard newValue.count == Self.sumCount else { return }
            (sum, squares, lowerTail, upperTail) = (newValue[0], newValue[1], newValue[2], newValue[3])
        }
    }
    static let sumCount = 4

    mutating func merge(_ other: ColumnTally) {
        count &+= other.count
        missing &+= other.missing
        infinite &+= other.infinite
        below &+= other.below
        above &+= other.above
        saturated &+= other.saturated
        fresh &+= other.fresh
        typeErrors &+= other.typeErrors
        sum += other.sum
        squares += other.squares
        lowerTail += other.lowerTail
        upperTail += other.upperTail
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
    }

    var finite: UInt64 { count &- infinite }

    /// The finite values' moments.
    func moments(center: Double) -> Welford {
        let n = Double(finite)
        guard finite > 0 else { return Welford() }
        let offset = sum / n
        return Welford(
            count: Int(clamping: finite), mean: center + offset, squares: max(0, squares - offset * offset * n))
    }
}

/// What is sketched of a column of categories or text.
struct ColumnSketch: Sendable, Hashable {
    /// 256 registers: 6.5 % exact.
    static let precision = 8
    /// Values kept that the reference did not have, the most frequent.
    static let newValues = 16

    var distinct = HyperLogLog(precision: ColumnSketch.precision)
    var fresh = SpaceSaving(capacity: ColumnSketch.newValues)
    var characters = CharacterClasses()

    mutating func merge(_ other: ColumnSketch) {
        distinct.merge(other.distinct)
        fresh.merge(other.fresh)
        characters.merge(other.characters)
    }
}

/// What is counted of rows as a whole.
struct RowTally: Sendable, Hashable {
    var requests: UInt64 = 0
    /// Rows looked at, and rows that came with the requests.
    var rows: UInt64 = 0
    var offered: UInt64 = 0
    /// Rows equal to one of about the last 1,024.
    var duplicates: UInt64 = 0
    /// Rows scored, and those above the threshold.
    var scored: UInt64 = 0
    var outliers: UInt64 = 0
    var reconstruction = Welford()

    mutating func merge(_ other: RowTally) {
        requests &+= other.requests
        rows &+= other.rows
        offered &+= other.offered
        duplicates &+= other.duplicates
        scored &+= other.scored
        outliers &+= other.outliers
        reconstruction.merge(other.reconstruction)
    }
}
