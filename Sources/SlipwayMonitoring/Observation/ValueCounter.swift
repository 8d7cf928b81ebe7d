// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Counts values into a bucket through pointers that are good for one request.
struct ValueCounter {
    /// Columns that a request is an example for, at most so many.
    static let maximumFlags = 16

    let set: ColumnSet
    let slots: UnsafeBufferPointer<ColumnSet.Slot>
    let edges: UnsafeBufferPointer<Double>
    let cells: UnsafeMutableBufferPointer<UInt32>
    let tallies: UnsafeMutableBufferPointer<ColumnTally>
    let sketches: UnsafeMutableBufferPointer<ColumnSketch>
    /// Columns of which this request has something odd.
    private(set) var flags: [Int] = []

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
    }

    /// Counts a number.
    @inline(__always)
    mutating func add(_ x: Double, to column: Int) {
        let slot = slots[column]
        guard x == x else { return addMissing(column) }
        if slot.isCategorical { return addCategory(of: x, to: column) }
        let tally = tallies.baseAddress.unsafelyUnwrapped + column
        tally.pointee.count &+= 1
        if x <= slot.lower || x >= slot.upper || x.magnitude == .infinity { addExtreme(x, to: column) }
        if x.magnitude < .infinity {
            let distance = x - slot.center
            tally.pointee.sum += distance
            tally.pointee.squares += distance * distance
            tally.pointee.least = min(tally.pointee.least, x)
            tally.pointee.greatest = max(tally.pointee.greatest, x)
        }
        cells[Int(slot.cellStart) &+ EdgeTable.cell(of: x, at: slot.edges, in: edges)] &+= 1
    }

    /// Counts a text; empty ones are missing. Returns its hash.
    @discardableResult
    mutating func add(_ text: UnsafeRawBufferPointer, to column: Int) -> UInt64 {
        guard !text.isEmpty else {
            addMissing(column)
            return 0
        }
        let sketch = set.sketchIndex[column]
        guard slots[column].isCategorical else {
            add(Double(text.count), to: column)
            sketches[sketch].characters.add(text)
            let hash = StableHash.of(bytes: text.prefix(CharacterClasses.maximumBytes))
            sketches[sketch].distinct.add(hash: hash)
            return hash
        }
        let hash = StableHash.of(bytes: text.prefix(TextCollector.maximumValueBytes))
        tallies[column].count &+= 1
        sketches[sketch].distinct.add(hash: hash)
        if let place = set.tables[column]?.index(ofHash: hash) {
            cells[Int(slots[column].cellStart) + place] &+= 1
        } else {
            // Names of the table were repaired where they are no UTF-8, and so is this.
            let value = TextCollector.value(text)
            if let place = set.tables[column]?.index(ofHash: StableHash.of(value)) {
                cells[Int(slots[column].cellStart) + place] &+= 1
            } else {
                addFresh(value, to: column)
            }
        }
        return hash
    }

    private mutating func addCategory(of x: Double, to column: Int) {
        tallies[column].count &+= 1
        sketches[set.sketchIndex[column]].distinct.add(x)
        if let place = set.tables[column]?.index(of: x) {
            cells[Int(slots[column].cellStart) + place] &+= 1
        } else {
            addFresh(ColumnProfile.className(x), to: column)
        }
    }

    private mutating func addFresh(_ value: String, to column: Int) {
        tallies[column].fresh &+= 1
        sketches[set.sketchIndex[column]].fresh.add(value)
        flag(column)
    }

    private mutating func addMissing(_ column: Int) {
        tallies[column].missing &+= 1
        flag(column)
    }

    @inline(never)
    private mutating func addExtreme(_ x: Double, to column: Int) {
        let slot = slots[column]
        tallies[column].saturated &+= 1
        if x.magnitude == .infinity { tallies[column].infinite &+= 1 }
        guard x < slot.lower || x > slot.upper else { return }
        if x < slot.lower { tallies[column].below &+= 1 } else { tallies[column].above &+= 1 }
        addTail(x, to: column)
        flag(column)
    }

    private func addTail(_ x: Double, to column: Int) {
        let known = set.columns[column].counts?.edges
        guard x.magnitude < .infinity, let first = known?.first, let last = known?.last else { return }
        if x < first { tallies[column].lowerTail += first - x }
        if x > last { tallies[column].upperTail += x - last }
    }

    private mutating func flag(_ column: Int) {
        guard tallies[column].noted < RequestExamples.maximum, flags.count < Self.maximumFlags,
            flags.last != column
        else { return }
        flags.append(column)
    }
}
