// SPDX-License-Identifier: Apache-2.0

/// A table of a FlatBuffers message, every access checked against the message's end.
///
/// Format: FlatBuffers, "Internals".
struct FlatTable {
    private let bytes: [UInt8]
    private let position: Int
    private let vtable: Int
    private let vtableSize: Int

    /// The root table.
    init(root bytes: [UInt8]) throws(FormatError) {
        guard let offset: UInt32 = bytes.littleEndian(at: 0) else { throw Self.damaged }
        try self.init(bytes, at: Int(offset))
    }

    private init(_ bytes: [UInt8], at position: Int) throws(FormatError) {
        guard let back: UInt32 = bytes.littleEndian(at: position) else { throw Self.damaged }
        // Signed, and counted backwards.
        let vtable = position - Int(Int32(bitPattern: back))
        guard let size: UInt16 = bytes.littleEndian(at: vtable), size >= 4, vtable <= bytes.count - Int(size) else {
            throw Self.damaged
        }
        self.bytes = bytes
        self.position = position
        self.vtable = vtable
        vtableSize = Int(size)
    }

    static var damaged: FormatError { FormatError(.malformed, "the Arrow metadata are damaged") }

    /// Where a field lies, `nil` when it was left at its default.
    private func place(_ field: Int) throws(FormatError) -> Int? {
        let slot = 4 + 2 * field
        guard slot + 2 <= vtableSize else { return nil }
        guard let offset: UInt16 = bytes.littleEndian(at: vtable + slot) else { throw Self.damaged }
        return offset == 0 ? nil : position + Int(offset)
    }

    /// A number, `fallback` where the field was left out.
    func integer<T: FixedWidthInteger>(_ field: Int, default fallback: T) throws(FormatError) -> T {
        guard let place = try place(field) else { return fallback }
        switch T.bitWidth {
        case 8: return T(truncatingIfNeeded: try load(UInt8.self, place))
        case 16: return T(truncatingIfNeeded: try load(UInt16.self, place))
        case 32: return T(truncatingIfNeeded: try load(UInt32.self, place))
        default: return T(truncatingIfNeeded: try load(UInt64.self, place))
        }
    }

    func bool(_ field: Int) throws(FormatError) -> Bool { try integer(field, default: UInt8(0)) != 0 }

    func table(_ field: Int) throws(FormatError) -> FlatTable? {
        guard let place = try place(field) else { return nil }
        return try FlatTable(bytes, at: try follow(place))
    }

    /// A string, invalid UTF-8 repaired.
    func string(_ field: Int) throws(FormatError) -> String? {
        guard let vector = try vector(field, width: 1) else { return nil }
        return String(decoding: bytes[vector.start..<(vector.start + vector.count)], as: UTF8.self)
    }

    func tables(_ field: Int) throws(FormatError) -> [FlatTable] {
        guard let vector = try vector(field, width: 4) else { return [] }
        var tables: [FlatTable] = []
        tables.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            tables.append(try FlatTable(bytes, at: try follow(vector.start + 4 * index)))
        }
        return tables
    }

    /// A vector of structs, each read by `read` from its place.
    func structs<T>(
        _ field: Int, width: Int, _ read: (StructReader) throws(FormatError) -> T
    ) throws(FormatError) -> [T] {
        guard let vector = try vector(field, width: width) else { return [] }
        var result: [T] = []
        result.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            result.append(try read(StructReader(bytes: bytes, start: vector.start + width * index)))
        }
        return result
    }

    /// Reads members of a struct that was found to lie inside the message.
    struct StructReader {
        fileprivate let bytes: [UInt8]
        fileprivate let start: Int

        /// A signed 64-bit number that must be a size or an offset.
        func size(at offset: Int) throws(FormatError) -> Int {
            guard let raw: UInt64 = bytes.littleEndian(at: start + offset), let value = Int(exactly: raw) else {
                throw FlatTable.damaged
            }
            return value
        }
    }

    private func load<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type, _ place: Int) throws(FormatError) -> T {
        guard let value: T = bytes.littleEndian(at: place) else { throw Self.damaged }
        return value
    }

    private func follow(_ place: Int) throws(FormatError) -> Int { place + Int(try load(UInt32.self, place)) }

    /// Where a vector's elements start and how many there are; all lie inside the message.
    private func vector(_ field: Int, width: Int) throws(FormatError) -> (start: Int, count: Int)? {
        guard let place = try place(field) else { return nil }
        let vector = try follow(place)
        let count = Int(try load(UInt32.self, vector))
        guard count <= (bytes.count - vector - 4) / width else { throw Self.damaged }
        return (vector + 4, count)
    }
}
