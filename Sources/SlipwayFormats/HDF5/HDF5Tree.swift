// SPDX-License-Identifier: Apache-2.0

/// A B-tree of version 2, as far as its records are read: all of them, in order.
struct HDF5Tree {
    private struct Level {
        let maximum: Int
        let total: Int
        let totalWidth: Int
    }

    private let context: HDF5Context
    private let type: Int
    private let recordWidth: Int
    private let levels: [Level]
    private var found: [[UInt8]] = []
    private var visits = HDF5Visits()

    /// Bytes that a number up to `limit` takes in a tree or heap.
    static func encodedWidth(_ limit: Int) -> Int {
        limit <= 0 ? 1 : (Int.bitWidth - 1 - limit.leadingZeroBitCount) / 8 + 1
    }

    fileprivate static func records(_ context: HDF5Context, at address: Int, type: Int) throws(FormatError) -> [[UInt8]]
    {
        var cursor = try context.cursor(at: address, upTo: 64)
        try cursor.expect("BTHD", "a tree")
        try cursor.skip(1)
        let own = try cursor.byte()
        let nodeSize = try cursor.word()
        let recordWidth = try cursor.short()
        let depth = try cursor.short()
        try cursor.skip(2)
        let root = try cursor.address()
        let used = try cursor.short()
        let total = try cursor.length()
        guard own == type, recordWidth > 0, depth < 16, nodeSize >= 16, nodeSize <= 1 << 24 else {
            throw FormatError(.malformed, "a tree of the HDF5 file is damaged", at: "offset \(address)")
        }
        guard let root, total > 0 else { return [] }
        var levels = [
            Level(maximum: (nodeSize - 10) / recordWidth, total: (nodeSize - 10) / recordWidth, totalWidth: 0)
        ]
        while levels.count <= depth, let below = levels.last, let leaf = levels.first {
            let pointer = context.widths.offset + encodedWidth(leaf.maximum) + below.totalWidth
            let maximum = max(0, nodeSize - 10 - pointer) / (recordWidth + pointer)
            let (all, overflow) = (maximum + 1).multipliedReportingOverflow(by: below.total)
            let sum = overflow ? Int.max >> 1 : min(all, Int.max >> 1) + maximum
            levels.append(Level(maximum: maximum, total: sum, totalWidth: encodedWidth(sum)))
        }
        var tree = HDF5Tree(context: context, type: type, recordWidth: recordWidth, levels: levels)
        try tree.visit(root, level: depth, used: used)
        return tree.found
    }

    private init(context: HDF5Context, type: Int, recordWidth: Int, levels: [Level]) {
        self.context = context
        self.type = type
        self.recordWidth = recordWidth
        self.levels = levels
    }

    private mutating func visit(_ address: Int, level: Int, used: Int) throws(FormatError) {
        try context.enter(address, items: used, &visits, "node of a tree")
        guard used <= levels[level].maximum else {
            throw FormatError(.malformed, "a tree of the HDF5 file is damaged", at: "offset \(address)")
        }
        let countWidth = Self.encodedWidth(levels[0].maximum)
        let below = level > 0 ? levels[level - 1].totalWidth : 0
        let pointer = level > 0 ? context.widths.offset + countWidth + below : 0
        var cursor = try context.cursor(
            at: address, count: 6 + used * recordWidth + (level > 0 ? (used + 1) * pointer : 0))
        try cursor.expect(level > 0 ? "BTIN" : "BTLF", "a node of a tree")
        try cursor.skip(1)
        guard try cursor.byte() == type else {
            throw FormatError(.malformed, "a tree of the HDF5 file is damaged", at: "offset \(address)")
        }
        var records: [[UInt8]] = []
        for _ in 0..<used { records.append(try cursor.take(recordWidth)) }
        guard level > 0 else {
            found += records
            return
        }
        for index in 0...used {
            let child = try cursor.definedAddress("a node of a tree")
            let childUsed = try cursor.integer(countWidth)
            try cursor.skip(below)
            try visit(child, level: level - 1, used: childUsed)
            if index < used { found.append(records[index]) }
        }
    }
}

extension HDF5Context {
    /// All records of the B-tree of version 2 at `address`.
    func treeRecords(at address: Int, type: Int) throws(FormatError) -> [[UInt8]] {
        try HDF5Tree.records(self, at: address, type: type)
    }
}
