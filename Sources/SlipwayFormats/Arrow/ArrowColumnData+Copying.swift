// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension ArrowColumnType {
    /// The type that writes what a column of this field holds; `nil` where it cannot be written here.
    public init?(_ field: ArrowField) {
        guard let type = Self.plain(field.type, isText: field.isText) else { return nil }
        self = field.isInstant ? .instant : type
    }

    private static func plain(_ type: ArrowType, isText: Bool) -> ArrowColumnType? {
        switch type {
        case .number(let element): .number(element)
        case .bytes: isText ? .text : .binary
        case .fixedBytes: .binary
        case .fixedList(let count, let item): plain(item, isText: isText).map { .fixedList(count, of: $0) }
        case .list(let item, _): plain(item, isText: isText).map { .list(of: $0) }
        case .other: nil
        }
    }
}

extension ArrowColumnData {
    /// Adds one row of a column that was read; its field's type is this one's.
    ///
    /// - Throws: ``FormatError`` `malformed` where the types differ, `limitExceeded`.
    public mutating func append(_ row: Int, of column: ArrowColumn) throws(FormatError) {
        precondition(row >= 0 && row < column.count, "a row outside the column")
        guard !column.isNull(row) else { return try appendNull() }
        let range = column.starts.offset(row)..<column.starts.offset(row + 1)
        let value = UnsafeRawBufferPointer(rebasing: column.values.bytes[range])
        defer { withExtendedLifetime(column.values) {} }
        switch type {
        case .number, .instant:
            guard value.count == type.byteWidth else { throw Self.unlike }
            try append(packed: value)
        case .text, .binary:
            guard column.elementType == .bytes, value.count >= 4 else { throw Self.unlike }
            try append(text: UnsafeRawBufferPointer(rebasing: value[4...]))
        case .list, .fixedList:
            let element = column.elementType
            try appendList { (items) throws(FormatError) in
                guard element == .bytes else {
                    guard items.type == .number(element) else { throw Self.unlike }
                    return try items.append(packed: value)
                }
                try items.append(lengthPrefixed: value)
            }
        }
    }

    /// Adds texts that lie one after another, each after its length in 32 bits.
    private mutating func append(lengthPrefixed bytes: UnsafeRawBufferPointer) throws(FormatError) {
        guard type == .text || type == .binary else { throw Self.unlike }
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 4 else { throw Self.unlike }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            guard bytes.count - offset - 4 >= length else { throw Self.unlike }
            try append(text: UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
    }

    private static var unlike: FormatError {
        FormatError(.malformed, "a column that was read is not of the type that is written")
    }
}

extension ArrowColumn {
    /// Whether a row has no value; of floats none is listed, theirs are NaN.
    func isNull(_ row: Int) -> Bool {
        var (low, high) = (0, nullRows.count)
        while low < high {
            let middle = (low + high) / 2
            if nullRows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < nullRows.count && nullRows[low] == row
    }
}
