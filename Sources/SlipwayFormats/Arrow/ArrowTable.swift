// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// An Arrow IPC file or stream of any size, read some rows at a time.
///
/// Bodies stay in the file: a read takes the rows asked for and the dictionaries they need. Not for use by several
/// threads at once.
///
/// Format: Apache Arrow, "Columnar Format", section "Serialization and Interprocess Communication (IPC)".
public struct ArrowTable {
    public var fields: [ArrowField] { schema.fields }
    /// The number of rows.
    public private(set) var count = 0
    /// What the writer kept with the schema.
    public var metadata: [String: String] { schema.metadata }
    /// What the writer kept in the footer of a file.
    public private(set) var footerMetadata: [String: String] = [:]
    private let source: any ByteSource
    private let schema: ArrowSchema
    private var batches: [Batch] = []
    /// Where dictionary messages begin, in the order in which they apply.
    private var dictionaryOffsets: [Int] = []
    private var dictionaries: [Int64: ArrowColumn] = [:]
    /// How many of ``dictionaryOffsets`` ``dictionaries`` have taken.
    private var applied = 0
    /// The batch that was read last.
    private var opened: (index: Int, batch: ArrowBatch, cache: ArrowBufferCache)?

    private struct Batch {
        let offset: Int
        let firstRow: Int
        let count: Int
        /// Bytes of its body, expanded.
        let byteCount: Int
        /// How many dictionary messages come before it.
        let dictionaries: Int
    }

    private static let magic = Array("ARROW1".utf8)
    private static let batchLimit = 1 << 20
    /// Bytes of all dictionaries together, which are held in memory.
    private static let dictionaryLimit = 256 << 20
    /// Values of one dictionary.
    private static let wordLimit = 16 << 20

    /// Reads the schema and where the batches lie.
    ///
    /// - Parameter readsInstants: Whether columns of milliseconds in UTC are read, as INT64.
    /// - Throws: ``FormatError`` `malformed`, `truncated`, `limitExceeded`, or `unsupported` for big-endian data.
    public init(_ source: any ByteSource, readsInstants: Bool = false) throws(FormatError) {
        self.source = source
        if try source.prefix(at: 0, upTo: 6) == Self.magic {
            let footer = try Self.footer(source)
            guard let table = try footer.table(1) else { throw FlatTable.damaged }
            schema = try ArrowSchema(table, readsInstants: readsInstants)
            footerMetadata = try ArrowSchema.pairs(try footer.tables(4))
            dictionaryOffsets = try Self.blocks(footer, 2)
            for offset in try Self.blocks(footer, 3) {
                guard let message = try ArrowMessage.read(source, at: offset), message.kind == .batch else {
                    throw FlatTable.damaged
                }
                try add(message, at: offset)
            }
            return
        }
        guard let first = try ArrowMessage.read(source, at: 0), first.kind == .schema else {
            throw FormatError(
                .malformed, "this is no Arrow file or stream: neither its magic nor a schema is at its start")
        }
        schema = try ArrowSchema(first.table, readsInstants: readsInstants)
        var offset = first.end
        while let message = try ArrowMessage.read(source, at: offset) {
            switch message.kind {
            case .batch: try add(message, at: offset)
            case .dictionary: dictionaryOffsets.append(offset)
            case .schema, .other: break
            }
            guard dictionaryOffsets.count <= Self.batchLimit else { throw Self.tooMany }
            offset = message.end
        }
    }

    private static var tooMany: FormatError {
        FormatError(.limitExceeded, "the Arrow data have more than \(batchLimit) batches: write larger ones")
    }

    private static var tooManyWords: FormatError {
        FormatError(
            .limitExceeded,
            "the Arrow dictionaries hold more than \(wordLimit) values or \(dictionaryLimit) bytes: "
                + "write the columns without dictionaries")
    }

    private static func footer(_ source: any ByteSource) throws(FormatError) -> FlatTable {
        let tail = try source.prefix(at: max(0, source.byteCount - 10), upTo: 10)
        guard tail.count == 10, tail.has(magic, at: 4), let size: UInt32 = tail.littleEndian(at: 0) else {
            throw FormatError(.truncated, "the Arrow file lacks its end: it was not closed, or not copied whole")
        }
        let start = source.byteCount - 10 - Int(size)
        guard size <= 256 << 20, start >= 8 else { throw FlatTable.damaged }
        return try FlatTable(root: try source.bytes(at: start, count: Int(size)))
    }

    private static func blocks(_ footer: FlatTable, _ field: Int) throws(FormatError) -> [Int] {
        let offsets = try footer.structs(field, width: 24) { (block) throws(FormatError) in try block.size(at: 0) }
        guard offsets.count <= batchLimit else { throw tooMany }
        return offsets
    }

    private mutating func add(_ message: ArrowMessage, at offset: Int) throws(FormatError) {
        let batch = try ArrowBatch(message.table, in: message)
        let (total, overflow) = count.addingReportingOverflow(batch.count)
        guard !overflow else { throw FlatTable.damaged }
        guard batches.count < Self.batchLimit else { throw Self.tooMany }
        if batch.count > 0 {
            batches.append(
                Batch(
                    offset: offset, firstRow: count, count: batch.count,
                    byteCount: try batch.expandedByteCount(in: source),
                    dictionaries: dictionaryOffsets.count))
        }
        count = total
    }

    /// The rows from `row` on that one read can take: to the end of its batch, fewer when they are large.
    ///
    /// - Parameter byteCount: What the rows should take on average, at most.
    public func reach(from row: Int, byteCount: Int) -> Range<Int> {
        guard let index = index(of: row) else { return count..<count }
        let batch = batches[index]
        let average = max(1, batch.byteCount / batch.count)
        return row..<(row + min(batch.firstRow + batch.count - row, max(1, byteCount / average)))
    }

    /// Columns of the rows in `range`, which lie in one batch.
    ///
    /// - Parameter columns: Indices in ``fields``.
    /// - Throws: ``FormatError`` at the column, `unsupported` for types that no tensor carries.
    public mutating func read(_ range: Range<Int>, columns: [Int]) throws(FormatError) -> [ArrowColumn] {
        guard !range.isEmpty else { return [] }
        guard let index = index(of: range.lowerBound), columns.allSatisfy(fields.indices.contains),
            range.upperBound <= batches[index].firstRow + batches[index].count
        else { throw FormatError(.truncated, "rows \(range) do not lie in one batch of the Arrow data") }
        let batch = try open(index)
        try applyDictionaries(batches[index].dictionaries)
        var reader = ArrowColumnReader(source: source, batch: batch, dictionaries: dictionaries)
        if let opened { reader.cache = opened.cache }
        opened?.cache = ArrowBufferCache()
        defer { opened?.cache = reader.cache }
        let first = batches[index].firstRow
        var result: [ArrowColumn] = []
        for column in columns {
            let rows = (range.lowerBound - first)..<(range.upperBound - first)
            result.append(try reader.read(column, of: fields, rows))
        }
        return result
    }

    private func index(of row: Int) -> Int? {
        guard row >= 0, row < count else { return nil }
        var (low, high) = (0, batches.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if batches[middle].firstRow <= row { low = middle } else { high = middle }
        }
        return low
    }

    private mutating func open(_ index: Int) throws(FormatError) -> ArrowBatch {
        if let opened, opened.index == index { return opened.batch }
        guard let message = try ArrowMessage.read(source, at: batches[index].offset) else { throw FlatTable.damaged }
        let batch = try ArrowBatch(message.table, in: message)
        guard batch.count == batches[index].count else {
            throw FormatError(.malformed, "the Arrow file changed while it was read")
        }
        opened = (index, batch, ArrowBufferCache())
        return batch
    }

    /// Brings the dictionaries to where they stand before a batch: later messages replace or extend earlier ones.
    private mutating func applyDictionaries(_ wanted: Int) throws(FormatError) {
        if wanted < applied { (dictionaries, applied) = ([:], 0) }
        while applied < wanted {
            guard let message = try ArrowMessage.read(source, at: dictionaryOffsets[applied]),
                message.kind == .dictionary, let table = try message.table.table(1)
            else { throw FlatTable.damaged }
            applied += 1
            let id = try message.table.integer(0, default: Int64(0))
            guard let field = schema.dictionaries[id] else { continue }
            let batch = try ArrowBatch(table, in: message)
            guard batch.count <= Self.wordLimit else { throw Self.tooManyWords }
            var reader = ArrowColumnReader(source: source, batch: batch, dictionaries: [:])
            let words = try reader.read(0, of: [field], 0..<batch.count)
            let isDelta = try message.table.bool(2)
            dictionaries[id] = try dictionaries[id].flatMap { isDelta ? $0 : nil }?.joined(words) ?? words
            guard dictionaries.values.allSatisfy({ $0.count <= Self.wordLimit }),
                dictionaries.values.reduce(0, { $0 + $1.values.bytes.count }) <= Self.dictionaryLimit
            else { throw Self.tooManyWords }
        }
    }
}

extension ArrowColumn {
    /// This column and the rows of `more` after it; of scalars or texts.
    fileprivate func joined(_ more: ArrowColumn) throws(FormatError) -> ArrowColumn {
        guard elementType == more.elementType, itemShape == [], more.itemShape == [] else { throw FlatTable.damaged }
        let length = values.bytes.count
        let storage = TensorStorage(byteCount: length + more.values.bytes.count) { target in
            UnsafeMutableRawBufferPointer(rebasing: target[..<length]).copyMemory(from: values.bytes)
            UnsafeMutableRawBufferPointer(rebasing: target[length...]).copyMemory(from: more.values.bytes)
        }
        var joined = starts
        if case .at(let one) = starts, case .at(let two) = more.starts {
            joined = .at(one + two.dropFirst().map { $0 + length })
        }
        return ArrowColumn(
            name: name, elementType: elementType, count: count + more.count,
            nullRows: nullRows + more.nullRows.map { $0 + count }, itemShape: [], values: storage, starts: joined)
    }
}
