// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// The part of a window that is being counted: 4 bytes for each cell.
struct WindowBucket: Sendable {
    /// A bucket ends before its cells could overflow.
    static let maximumRows: UInt64 = 1 << 31

    var startedAt: Timestamp
    /// When its last row came.
    var lastAt: Timestamp
    var cells: [UInt32]
    var tallies: [ColumnTally]
    var sketches: [ColumnSketch]
    var whole = RowTally()

    init(_ set: ColumnSet, startedAt: Timestamp) {
        self.startedAt = startedAt
        lastAt = startedAt
        cells = [UInt32](repeating: 0, count: set.cellCount)
        tallies = [ColumnTally](repeating: ColumnTally(), count: set.columns.count)
        sketches = [ColumnSketch](repeating: ColumnSketch(), count: set.sketched.count)
    }

    /// Goes on counting in what was stored.
    init(_ totals: WindowTotals, startedAt: Timestamp, lastAt: Timestamp) {
        self.startedAt = startedAt
        self.lastAt = lastAt
        cells = totals.cells.map { UInt32(clamping: $0) }
        tallies = totals.tallies
        sketches = totals.sketches
        whole = totals.whole
    }
}

/// Buckets added up: of a window, of several replicas.
struct WindowTotals: Sendable, Hashable {
    var cells: [UInt64]
    var tallies: [ColumnTally]
    var sketches: [ColumnSketch]
    var whole = RowTally()

    init(_ set: ColumnSet) {
        cells = [UInt64](repeating: 0, count: set.cellCount)
        tallies = [ColumnTally](repeating: ColumnTally(), count: set.columns.count)
        sketches = [ColumnSketch](repeating: ColumnSketch(), count: set.sketched.count)
    }

    /// - Precondition: both are of one ``ColumnSet``.
    mutating func merge(_ other: WindowTotals) {
        for index in cells.indices { cells[index] &+= other.cells[index] }
        merge(tallies: other.tallies, sketches: other.sketches, whole: other.whole)
    }

    /// - Precondition: both are of one ``ColumnSet``.
    mutating func merge(_ bucket: WindowBucket) {
        for index in cells.indices { cells[index] &+= UInt64(bucket.cells[index]) }
        merge(tallies: bucket.tallies, sketches: bucket.sketches, whole: bucket.whole)
    }

    private mutating func merge(tallies: [ColumnTally], sketches: [ColumnSketch], whole: RowTally) {
        for index in self.tallies.indices { self.tallies[index].merge(tallies[index]) }
        for index in self.sketches.indices { self.sketches[index].merge(sketches[index]) }
        self.whole.merge(whole)
    }

    /// A column's numbers, or lengths, on the reference's edges.
    func counts(of column: Int, in set: ColumnSet) -> EdgeCounts? {
        guard let reference = set.columns[column].counts, !set.slots[column].isCategorical else { return nil }
        return EdgeCounts(
            edges: reference.edges, slots: Array(cells[set.cells(of: column)]),
            lowerTail: max(0, tallies[column].lowerTail), upperTail: max(0, tallies[column].upperTail))
    }

    /// A column's categories by name, with the new ones together under a name that no value has.
    func categories(of column: Int, in set: ColumnSet) -> [String: Int]? {
        guard let table = set.tables[column] else { return nil }
        var result: [String: Int] = [:]
        for (name, cell) in zip(table.names, set.cells(of: column)) { result[name] = Int(clamping: cells[cell]) }
        return result
    }
}
