// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Counts values into a bucket through pointers that are good for one run of rows.
struct ValueCounter {
    /// A row of the run that is an example of something odd in a column.
    struct Odd {
        let row: Int
        let column: Int
    }

    let set: ColumnSet
    let slots: UnsafeBufferPointer<ColumnSet.Slot>
    let edges: UnsafeBufferPointer<Double>
    let cells: UnsafeMutableBufferPointer<UInt32>
    let tallies: UnsafeMutableBufferPointer<ColumnTally>
    let sketches: UnsafeMutableBufferPointer<ColumnSketch>
    /// At most ``RequestExamples/maximum`` for each column.
    private(set) var odd: [Odd] = []
    /// How many, by column.
    private var flagged: [UInt8]

    init(
        set: ColumnSet, slots: UnsafeBufferPointer<ColumnSet.Slot>, edges: UnsafeBufferPointer<Double>,
        cells: UnsafeMutableBufferPointer<UInt32>, tallies: UnsafeMutableBufferPointer<ColumnTally>,
        sketches: UnsafeMutableBufferPointer<ColumnSketch>
    ) {
        self.set = set
        self.slots = slots
        self.edges = edges
        self.cells = cells
        self.tallies = tallies
        self.sketches = sketches
        flagged = [UInt8](repeating: 0, count: slots.count)
    }

    /// Counts numbers, one of each row of the run in its order.
    mutating func add(_ values: UnsafeBufferPointer<Double>, to column: Int) {
        // In registers meanwhile.
        var tally = tallies[column]
        for row in values.indices { add(values[row], at: row, to: column, &tally) }
        tallies[column] = tally
    }

    @inline(__always)
    private mutating func add(_ x: Double, at row: Int, to column: Int, _ tally: inout ColumnTally) {
        let slot = slots[column]
        guard x == x else {
            tally.missing &+= 1
            return flag(row, column, tally)
        }
        if slot.isCategorical { return addCategory(of: x, at: row, to: column, &tally) }
        tally.count &+= 1
        // Infinities are always beyond one of them.
        if x <= slot.lower || x >= slot.upper { addExtreme(x, at: row, to: column, &tally) }
        if x.magnitude < .infinity {
            let distance = x - slot.center
            tally.sum += distance
            tally.squares += distance * distance
            tally.least = min(tally.least, x)
            tally.greatest = max(tally.greatest, x)
        }
        cells[Int(slot.cellStart) &+ EdgeTable.cell(of: x, at: slot.edges, in: edges)] &+= 1
    }

    /// Counts a text of one row; empty ones are missing. Returns its hash.
    mutating func add(_ text: UnsafeRawBufferPointer, at row: Int, to column: Int) -> UInt64 {
        var tally = tallies[column]
        defer { tallies[column] = tally }
        guard !text.isEmpty else {
            tally.missing &+= 1
            flag(row, column, tally)
            return 0
        }
        let sketch = set.sketchIndex[column]
        guard slots[column].isCategorical else {
            add(Double(text.count), at: row, to: column, &tally)
            sketches[sketch].characters.add(text)
            let hash = StableHash.of(bytes: text.prefix(CharacterClasses.maximumBytes))
            sketches[sketch].distinct.add(hash: hash)
            return hash
        }
        let hash = StableHash.of(bytes: text.prefix(TextCollector.maximumValueBytes))
        tally.count &+= 1
        sketches[sketch].distinct.add(hash: hash)
        if let place = set.tables[column]?.index(ofHash: hash) {
            cells[Int(slots[column].cellStart) + place] &+= 1
        } else {
            // Names of the table were repaired where they are no UTF-8, and so is this.
            let value = TextCollector.value(text)
            if let place = set.tables[column]?.index(ofHash: StableHash.of(value)) {
                cells[Int(slots[column].cellStart) + place] &+= 1
            } else {
                addFresh(value, at: row, to: column, &tally)
            }
        }
        return hash
    }

    @inline(never)
    private mutating func addCategory(of x: Double, at row: Int, to column: Int, _ tally: inout ColumnTally) {
        tally.count &+= 1
        sketches[set.sketchIndex[column]].distinct.add(x)
        if let place = set.tables[column]?.index(of: x) {
            cells[Int(slots[column].cellStart) + place] &+= 1
        } else {
            addFresh(ColumnProfile.className(x), at: row, to: column, &tally)
        }
    }

    private mutating func addFresh(_ value: String, at row: Int, to column: Int, _ tally: inout ColumnTally) {
        tally.fresh &+= 1
        sketches[set.sketchIndex[column]].fresh.add(value)
        flag(row, column, tally)
    }

    @inline(never)
    private mutating func addExtreme(_ x: Double, at row: Int, to column: Int, _ tally: inout ColumnTally) {
        let slot = slots[column]
        tally.saturated &+= 1
        if x.magnitude == .infinity { tally.infinite &+= 1 }
        guard x < slot.lower || x > slot.upper else { return }
        if x < slot.lower { tally.below &+= 1 } else { tally.above &+= 1 }
        addTail(x, of: column, &tally)
        flag(row, column, tally)
    }

    private func addTail(_ x: Double, of column: Int, _ tally: inout ColumnTally) {
        let known = set.columns[column].counts?.edges
        guard x.magnitude < .infinity, let first = known?.first, let last = known?.last else { return }
        if x < first { tally.lowerTail += first - x }
        if x > last { tally.upperTail += x - last }
    }

    @inline(never)
    private mutating func flag(_ row: Int, _ column: Int, _ tally: ColumnTally) {
        guard tally.noted &+ flagged[column] < RequestExamples.maximum else { return }
        flagged[column] &+= 1
        odd.append(Odd(row: row, column: column))
    }
}
