// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// The columns of a profile laid out for counting: what every window of the version shares.
///
/// Columns are numbered: features first, then outputs. Each has a run of cells: `2 * edges + 1` for numbers and
/// lengths of text, one for each category. Edges of all columns lie in one array, so that a row of 30 features walks
/// through 70 KB and follows no references.
final class ColumnSet: Sendable {
    /// What counting a value needs.
    struct Slot: Sendable {
        var edges: EdgeTable.Place
        var cellStart: Int32
        var isCategorical: Bool
        /// The reference's extremes.
        var lower: Double
        var upper: Double
        /// Sums are of distances from it, so that they do not cancel.
        var center: Double
    }

    let profile: ReferenceProfile
    let columns: [ColumnProfile]
    let slots: [Slot]
    let edges: EdgeTable
    let cellCount: Int
    let featureCount: Int
    /// By column; `nil` but for categories.
    let tables: [CategoryTable?]
    /// Columns of categories and of text, by place among those: they have sketches.
    let sketched: [Int]
    /// By column: its place in ``sketched``, or -1.
    let sketchIndex: [Int]
    /// The same for the same columns, edges and categories: windows of one layout can be added up.
    let fingerprint: UInt64

    init(_ profile: ReferenceProfile) {
        self.profile = profile
        let columns = profile.features + profile.outputs
        self.columns = columns
        featureCount = profile.features.count
        var slots: [Slot] = []
        var edges = EdgeTable()
        var cells = 0
        var tables: [CategoryTable?] = []
        var sketched: [Int] = []
        for (index, column) in columns.enumerated() {
            let own = column.kind == .categorical ? [] : column.counts?.edges ?? []
            let table = column.kind == .categorical ? CategoryTable(column.categories ?? [:]) : nil
            slots.append(
                Slot(
                    edges: edges.append(own), cellStart: Int32(cells), isCategorical: table != nil,
                    lower: column.minimum ?? -.infinity, upper: column.maximum ?? .infinity,
                    center: column.mean ?? 0))
            cells += table?.names.count ?? (2 * own.count + 1)
            tables.append(table)
            if column.kind != .numeric { sketched.append(index) }
        }
        self.slots = slots
        self.edges = edges
        cellCount = cells
        self.tables = tables
        self.sketched = sketched
        var sketchIndex = [Int](repeating: -1, count: columns.count)
        for (place, column) in sketched.enumerated() { sketchIndex[column] = place }
        self.sketchIndex = sketchIndex
        fingerprint = Self.fingerprint(columns, tables)
    }

    /// The cells of a column.
    func cells(of column: Int) -> Range<Int> {
        let start = Int(slots[column].cellStart)
        let count = tables[column].map(\.names.count) ?? (2 * Int(slots[column].edges.count) + 1)
        return start..<(start + count)
    }

    private static func fingerprint(_ columns: [ColumnProfile], _ tables: [CategoryTable?]) -> UInt64 {
        var hash: UInt64 = 1
        func take(_ next: UInt64) { hash = StableHash.combined(hash, next) }
        for (index, column) in columns.enumerated() {
            take(StableHash.of(column.name))
            take(StableHash.of(column.kind.rawValue))
            take(StableHash.of(column.mean ?? 0))
            for edge in column.counts?.edges ?? [] { take(StableHash.of(edge)) }
            for name in tables[index]?.names ?? [] { take(StableHash.of(name)) }
        }
        return hash
    }
}

/// The known categories of a column, found by hash without making a string.
struct CategoryTable: Sendable {
    /// Ascending.
    let names: [String]
    /// Open addressing with linear probing, at most half full; places hold an index of ``names`` or -1.
    private let hashes: [UInt64]
    private let places: [Int32]
    private let mask: Int
    /// Categories that are numbers, ascending, for columns of whole numbers.
    private let numbers: [(value: Double, index: Int)]

    init(_ categories: [String: Int]) {
        names = categories.keys.sorted()
        var size = 4
        while size < 2 * names.count { size *= 2 }
        mask = size - 1
        var hashes = [UInt64](repeating: 0, count: size)
        var places = [Int32](repeating: -1, count: size)
        for (index, name) in names.enumerated() {
            let hash = StableHash.of(name)
            var place = Int(truncatingIfNeeded: hash) & mask
            while places[place] >= 0 { place = (place + 1) & mask }
            hashes[place] = hash
            places[place] = Int32(index)
        }
        self.hashes = hashes
        self.places = places
        numbers = names.enumerated().compactMap { index, name in Double(name).map { (value: $0, index: index) } }
            .sorted { $0.value < $1.value }
    }

    /// The index of a category; `nil` for one that the reference did not have.
    func index(ofHash hash: UInt64) -> Int? {
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] >= 0 {
            if hashes[place] == hash { return Int(places[place]) }
            place = (place + 1) & mask
        }
        return nil
    }

    /// The index of a number that is a category; `nil` for one that the reference did not have.
    func index(of number: Double) -> Int? {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle].value < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count && numbers[low].value == number ? numbers[low].index : nil
    }
}
