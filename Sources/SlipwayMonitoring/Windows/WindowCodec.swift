// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// Parts of windows as bytes: what is stored, what replicas exchange, and how finished parts wait in memory.
///
/// A mark and a version, the layout's fingerprint, then the counts: each in as many groups of 7 bits as it needs, runs
/// of zeros as one number, the open intervals of a column before the hits of its edges, so that a feature without
/// repeated values takes about one byte for each of 256 intervals and nothing for the hits. A checksum ends it.
/// Reading checks everything: bounds, sums, the checksum; hostile bytes cost no more memory than honest ones.
package enum WindowCodec {
    /// `SW` and the format's number.
    private static let mark: [UInt8] = [0x53, 0x57, 1]
    /// More than the counters of ``ReferenceProfile/maximumColumns`` columns need.
    package static let maximumBytes = 64 << 20
    /// Counts above are none that rows could have made: sums of some thousand windows still fit.
    private static let maximumCount = UInt64(1) << 50
    private static let maximumTextBytes = 4 * TextCollector.maximumValueBytes

    /// The fingerprint of the layout that bytes were counted on; `nil` where they are none of these.
    package static func fingerprint(of bytes: [UInt8]) -> UInt64? {
        guard bytes.starts(with: mark) else { return nil }
        var reader = ByteReader(bytes[mark.count...])
        return reader.word()
    }

    static func encode(_ totals: WindowTotals, _ set: ColumnSet) -> [UInt8] {
        var writer = ByteWriter(mark: mark)
        writer.word(set.fingerprint)
        write(totals.whole, to: &writer)
        for column in set.columns.indices {
            let tally = totals.tallies[column]
            writer.run(tally.counters)
            for sum in tally.sums { writer.number(finite(sum)) }
            writer.number(tally.least)
            writer.number(tally.greatest)
            let cells = totals.cells[set.cells(of: column)]
            if set.slots[column].isCategorical {
                writer.run(cells)
            } else {
                writer.run(stride(from: cells.startIndex, to: cells.endIndex, by: 2).lazy.map { cells[$0] })
                writer.run(stride(from: cells.startIndex + 1, to: cells.endIndex, by: 2).lazy.map { cells[$0] })
            }
        }
        for sketch in totals.sketches { write(sketch, to: &writer) }
        return writer.sealed
    }

    /// `nil` for bytes that are damaged, or of another layout than `set`.
    static func decode(_ bytes: [UInt8], _ set: ColumnSet) -> WindowTotals? {
        guard var reader = ByteReader(sealed: bytes, mark: mark, maximumBytes: maximumBytes),
            reader.word() == set.fingerprint, let whole = rowTally(&reader)
        else { return nil }
        var totals = WindowTotals(set)
        totals.whole = whole
        for column in set.columns.indices {
            guard read(column, of: set, into: &totals, from: &reader) else { return nil }
        }
        for index in totals.sketches.indices {
            guard let sketch = sketch(&reader) else { return nil }
            totals.sketches[index] = sketch
        }
        return reader.isAtEnd ? totals : nil
    }

    // MARK: Columns

    private static func read(
        _ column: Int, of set: ColumnSet, into totals: inout WindowTotals, from reader: inout ByteReader
    ) -> Bool {
        var tally = ColumnTally()
        let limit = maximumCount
        var counters = tally.counters
        guard reader.run(length: ColumnTally.counterCount, limit: limit, { counters[$0] = $1 }) else { return false }
        tally.counters = counters
        var sums: [Double] = []
        for _ in 0..<ColumnTally.sumCount {
            guard let value = reader.number(), value.isFinite else { return false }
            sums.append(value)
        }
        tally.sums = sums
        guard let least = reader.number(), let greatest = reader.number() else { return false }
        (tally.least, tally.greatest) = (least, greatest)
        totals.tallies[column] = tally
        let range = set.cells(of: column)
        var sum: UInt64 = 0
        var isWhole = true
        func add(_ place: Int, _ value: UInt64) {
            totals.cells[place] = value
            let (next, overflow) = sum.addingReportingOverflow(value)
            sum = next
            if overflow { isWhole = false }
        }
        let start = range.lowerBound
        if set.slots[column].isCategorical {
            guard reader.run(length: range.count, limit: limit, { add(start + $0, $1) }) else { return false }
            let (all, overflow) = sum.addingReportingOverflow(tally.fresh)
            return isWhole && !overflow && all == tally.count
        }
        guard reader.run(length: range.count / 2 + 1, limit: limit, { add(start + 2 * $0, $1) }),
            reader.run(length: range.count / 2, limit: limit, { add(start + 2 * $0 + 1, $1) })
        else { return false }
        return isWhole && sum == tally.count && tally.infinite <= tally.count
    }

    // MARK: Rows as a whole

    private static func write(_ whole: RowTally, to writer: inout ByteWriter) {
        for count in [
            whole.requests, whole.rows, whole.offered, whole.duplicates, whole.scored, whole.outliers,
            UInt64(clamping: whole.reconstruction.count),
        ] { writer.count(count) }
        writer.number(finite(whole.reconstruction.mean))
        writer.number(finite(whole.reconstruction.squares))
    }

    private static func rowTally(_ reader: inout ByteReader) -> RowTally? {
        guard let requests = reader.count(), let rows = reader.count(), let offered = reader.count(),
            let duplicates = reader.count(), let scored = reader.count(), let outliers = reader.count(),
            let count = reader.count(), let mean = reader.number(), let squares = reader.number(),
            rows <= offered, duplicates <= rows, scored <= rows, outliers <= scored, count <= scored,
            offered <= maximumCount, mean.isFinite, squares.isFinite
        else { return nil }
        return RowTally(
            requests: requests, rows: rows, offered: offered, duplicates: duplicates, scored: scored,
            outliers: outliers, reconstruction: Welford(count: Int(count), mean: mean, squares: squares))
    }

    // MARK: Sketches

    private static func write(_ sketch: ColumnSketch, to writer: inout ByteWriter) {
        writer.run(sketch.distinct.registers.lazy.map(UInt64.init))
        writer.run(sketch.characters.counts)
        let entries = sketch.fresh.top(ColumnSketch.newValues)
        writer.count(sketch.fresh.total)
        writer.count(UInt64(entries.count))
        for entry in entries {
            writer.text(entry.text)
            writer.count(entry.count)
            writer.count(entry.error)
        }
    }

    private static func sketch(_ reader: inout ByteReader) -> ColumnSketch? {
        var sketch = ColumnSketch()
        var registers = [UInt8](repeating: 0, count: 1 << ColumnSketch.precision)
        guard reader.run(length: registers.count, limit: 64, { registers[$0] = UInt8($1) }),
            let distinct = HyperLogLog(registers: registers)
        else { return nil }
        sketch.distinct = distinct
        var characters = CharacterClasses()
        let classes = characters.counts.count
        guard reader.run(length: classes, limit: maximumCount, { characters.counts[$0] = $1 }),
            let total = reader.count(), let count = reader.count(), count <= UInt64(ColumnSketch.newValues)
        else { return nil }
        sketch.characters = characters
        var entries: [SpaceSaving.Entry] = []
        for _ in 0..<count {
            guard let text = reader.text(maximumBytes: maximumTextBytes), let count = reader.count(),
                let error = reader.count(), error <= count, count <= maximumCount
            else { return nil }
            entries.append(SpaceSaving.Entry(text: text, count: count, error: error))
        }
        guard let fresh = SpaceSaving(capacity: ColumnSketch.newValues, total: total, entries: entries) else {
            return nil
        }
        sketch.fresh = fresh
        return sketch
    }

    /// Sums that left the range of a `Double` say nothing more.
    private static func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
}
