// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads rows of one column out of a batch, never more of the file than they take.
struct ArrowColumnReader {
    /// Bytes that the rows of one read may take: what is larger is read fewer rows at a time.
    static let byteLimit = 1 << 30

    let source: any ByteSource
    let batch: ArrowBatch
    /// Values of dictionary-encoded columns, by the dictionary's number.
    let dictionaries: [Int64: ArrowColumn]
    /// Of the batch, when it is compressed.
    var cache = ArrowBufferCache()

    /// The rows of `range` of the field at `index`.
    mutating func read(_ index: Int, of fields: [ArrowField], _ range: Range<Int>) throws(FormatError) -> ArrowColumn {
        let field = fields[index]
        let place = try batch.place(of: index, in: fields)
        let cursor = Cursor(node: place.node, buffer: place.buffer, range: range)
        do throws(FormatError) {
            guard batch.nodes[place.node].length == batch.count, range.upperBound <= batch.count else {
                throw FlatTable.damaged
            }
            guard let dictionary = field.dictionary else { return try column(field, cursor) }
            let indices = try numbers(dictionary.indexType, cursor)
            return try decode(field, indices, try nulls(cursor), dictionary)
        } catch {
            throw error.located("column '\(field.name)'")
        }
    }

    /// A column's first node and buffer, and the elements of it that are wanted.
    struct Cursor {
        var node: Int
        var buffer: Int
        var range: Range<Int>
    }

    private mutating func column(_ field: ArrowField, _ cursor: Cursor) throws(FormatError) -> ArrowColumn {
        switch field.type {
        case .number(let element):
            return try scalars(field.name, element, try numbers(element, cursor), try nulls(cursor))
        case .bytes(let isLarge):
            return try texts(field.name, try offsets(cursor, isLarge: isLarge), try nulls(cursor), cursor)
        case .fixedBytes(let width):
            let packed = try bytes(cursor.buffer + 1, elements: cursor.range, width: width)
            let starts = (0...cursor.range.count).map { $0 * (width + 4) }
            let values = TensorStorage(byteCount: cursor.range.count * (width + 4)) { target in
                for row in 0..<cursor.range.count {
                    target.storeBytes(of: UInt32(width).littleEndian, toByteOffset: starts[row], as: UInt32.self)
                    UnsafeMutableRawBufferPointer(rebasing: target[(starts[row] + 4)..<starts[row + 1]])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(rebasing: packed.bytes[(row * width)...].prefix(width)))
                }
            }
            withExtendedLifetime(packed) {}
            return ArrowColumn(
                name: field.name, elementType: .bytes, count: cursor.range.count, nullRows: try nulls(cursor),
                itemShape: [], values: values, starts: .at(starts))
        case .fixedList(let count, _): return try fixedList(field, count, cursor)
        case .list(_, let isLarge): return try list(field, isLarge, cursor)
        case .other(let name): throw Self.unsupported(name)
        }
    }

    private static func unsupported(_ name: String) -> FormatError {
        FormatError(
            .unsupported,
            "its Arrow type \(name) is not read; cast it to bool, int8-64, uint8-64, float16-64, string, binary or "
                + "lists of numbers, or leave the column out")
    }

    private func scalars(
        _ name: String, _ element: ElementType, _ values: TensorStorage, _ nulls: [Int]
    ) throws(FormatError) -> ArrowColumn {
        let width = element.byteWidth ?? 1
        let filled = Self.withNaN(values, element, at: nulls)
        return ArrowColumn(
            name: name, elementType: element, count: values.bytes.count / width, nullRows: filled == nil ? nulls : [],
            itemShape: [], values: filled ?? values, starts: .every(width))
    }

    /// The values with NaN in the places of `nulls`; `nil` for types that have no NaN.
    private static func withNaN(_ values: TensorStorage, _ element: ElementType, at nulls: [Int]) -> TensorStorage? {
        func fill<T: BinaryFloatingPoint & BitwiseCopyable>(_: T.Type) -> TensorStorage {
            guard !nulls.isEmpty else { return values }
            return TensorStorage(byteCount: values.bytes.count) { target in
                withExtendedLifetime(values) { target.copyMemory(from: values.bytes) }
                for row in nulls { target.storeBytes(of: T.nan, toByteOffset: row * MemoryLayout<T>.size, as: T.self) }
            }
        }
        switch element {
        case .float16: return fill(Float16.self)
        case .float32: return fill(Float.self)
        case .float64: return fill(Double.self)
        default: return nil
        }
    }

    // MARK: - Lists

    private mutating func fixedList(
        _ field: ArrowField, _ count: Int, _ cursor: Cursor
    ) throws(FormatError) -> ArrowColumn {
        guard let item = field.children.first, item.dictionary == nil else { throw Self.unsupported(field.type.name) }
        let (start, one) = cursor.range.lowerBound.multipliedReportingOverflow(by: count)
        let (end, two) = cursor.range.upperBound.multipliedReportingOverflow(by: count)
        guard !one, !two, batch.nodes[cursor.node + 1].length >= end else { throw FlatTable.damaged }
        let items = try column(item, Cursor(node: cursor.node + 1, buffer: cursor.buffer + 1, range: start..<end))
        guard let width = items.elementType.byteWidth, let shape = items.itemShape, case .every = items.starts else {
            throw Self.unsupported(field.type.name)
        }
        let stride = shape.reduce(width) { $0.multipliedReportingOverflow(by: $1).partialValue }
            .multipliedReportingOverflow(by: count)
        guard !stride.overflow else { throw FlatTable.damaged }
        var nulls = Set(try nulls(cursor))
        if count > 0 { nulls.formUnion(items.nullRows.map { $0 / count }) }
        return ArrowColumn(
            name: field.name, elementType: items.elementType, count: cursor.range.count, nullRows: nulls.sorted(),
            itemShape: [count] + shape, values: items.values, starts: .every(stride.partialValue))
    }

    private mutating func list(
        _ field: ArrowField, _ isLarge: Bool, _ cursor: Cursor
    ) throws(FormatError) -> ArrowColumn {
        guard let item = field.children.first, item.dictionary == nil else { throw Self.unsupported(field.type.name) }
        switch item.type {
        case .number, .bytes: break
        default: throw Self.unsupported(field.type.name)
        }
        let offsets = try offsets(cursor, isLarge: isLarge)
        let (first, last) = (offsets.first ?? 0, offsets.last ?? 0)
        guard batch.nodes[cursor.node + 1].length >= last else { throw FlatTable.damaged }
        let items = try column(item, Cursor(node: cursor.node + 1, buffer: cursor.buffer + 2, range: first..<last))
        var nulls = Set(try nulls(cursor))
        for index in items.nullRows {
            // The row whose list holds the item: the last that begins at or before it.
            var (low, high) = (0, cursor.range.count)
            while low < high {
                let middle = (low + high) / 2
                if offsets[middle + 1] <= first + index { low = middle + 1 } else { high = middle }
            }
            nulls.insert(low)
        }
        return ArrowColumn(
            name: field.name, elementType: items.elementType, count: cursor.range.count, nullRows: nulls.sorted(),
            itemShape: nil, values: items.values, starts: .at(offsets.map { items.starts.offset($0 - first) }),
            itemStarts: offsets.map { $0 - first })
    }

    // MARK: - Text and dictionaries

    private mutating func texts(
        _ name: String, _ offsets: [Int], _ nulls: [Int], _ cursor: Cursor
    ) throws(FormatError) -> ArrowColumn {
        let (first, last) = (offsets.first ?? 0, offsets.last ?? 0)
        let text = try bytes(cursor.buffer + 2, elements: first..<last, width: 1)
        let count = cursor.range.count
        guard zip(offsets, offsets.dropFirst()).allSatisfy({ $1 - $0 <= Int(UInt32.max) }) else {
            throw FlatTable.damaged
        }
        let starts = offsets.enumerated().map { $1 - first + 4 * $0 }
        let values = TensorStorage(byteCount: last - first + 4 * count) { target in
            for row in 0..<count {
                let (from, to) = (offsets[row] - first, offsets[row + 1] - first)
                target.storeBytes(of: UInt32(to - from).littleEndian, toByteOffset: starts[row], as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: target[(starts[row] + 4)..<starts[row + 1]])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: text.bytes[from..<to]))
            }
        }
        // The bytes lie in the storage, which must outlast the last look at them.
        withExtendedLifetime(text) {}
        return ArrowColumn(
            name: name, elementType: .bytes, count: count, nullRows: nulls, itemShape: [], values: values,
            starts: .at(starts))
    }

    /// The dictionary's values in the places of their indices.
    private func decode(
        _ field: ArrowField, _ indices: TensorStorage, _ nulls: [Int], _ dictionary: ArrowField.Dictionary
    ) throws(FormatError) -> ArrowColumn {
        guard let words = dictionaries[dictionary.id] else {
            throw FormatError(.malformed, "its dictionary does not come before its batch")
        }
        guard words.itemShape == [] else { throw Self.unsupported("dictionary of \(field.type.name)") }
        let places = try integers(indices, dictionary.indexType)
        let missing = Set(nulls)
        let known = Set(words.nullRows)
        var nullRows: [Int] = []
        var starts = [0]
        starts.reserveCapacity(places.count + 1)
        for (row, place) in places.enumerated() {
            if missing.contains(row) {
                nullRows.append(row)
                // An empty text, or a number's own width.
                starts.append(starts[row] + (words.elementType.byteWidth ?? 4))
                continue
            }
            guard place >= 0, place < words.count else {
                throw FormatError(.malformed, "an index is not in its dictionary")
            }
            if known.contains(place) { nullRows.append(row) }
            starts.append(starts[row] + words.starts.offset(place + 1) - words.starts.offset(place))
            guard starts[row + 1] <= Self.byteLimit else { throw Self.tooLarge }
        }
        let values = TensorStorage(byteCount: starts[places.count]) { target in
            for (row, place) in places.enumerated() {
                let part = UnsafeMutableRawBufferPointer(rebasing: target[starts[row]..<starts[row + 1]])
                guard !missing.contains(row) else {
                    part.initializeMemory(as: UInt8.self, repeating: 0)
                    continue
                }
                let word = words.values.bytes[words.starts.offset(place)..<words.starts.offset(place + 1)]
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: word))
            }
        }
        withExtendedLifetime(words.values) {}
        guard words.elementType == .bytes else { return try scalars(field.name, words.elementType, values, nullRows) }
        return ArrowColumn(
            name: field.name, elementType: .bytes, count: places.count, nullRows: nullRows, itemShape: [],
            values: values, starts: .at(starts))
    }

    func integers(_ storage: TensorStorage, _ type: ElementType) throws(FormatError) -> [Int] {
        func all<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> [Int] {
            withExtendedLifetime(storage) {
                stride(from: 0, to: storage.bytes.count, by: MemoryLayout<T>.size).map {
                    Int(exactly: storage.bytes.loadUnaligned(fromByteOffset: $0, as: T.self)) ?? -1
                }
            }
        }
        switch type {
        case .int8: return all(Int8.self)
        case .int16: return all(Int16.self)
        case .int32: return all(Int32.self)
        case .int64: return all(Int64.self)
        case .uint8: return all(UInt8.self)
        case .uint16: return all(UInt16.self)
        case .uint32: return all(UInt32.self)
        case .uint64: return all(UInt64.self)
        default: throw FlatTable.damaged
        }
    }
}
