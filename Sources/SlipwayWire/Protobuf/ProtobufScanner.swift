// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one protobuf message from bytes in memory, without copying or allocating.
///
/// Every length is checked against what is left of the message around it, nothing recurses, and every error names
/// its byte. A field whose value is not asked for must be passed to ``skip(_:)``.
///
/// Wire format: https://protobuf.dev/programming-guides/encoding/
package struct ProtobufScanner {
    package enum WireType: UInt8, Sendable, Hashable {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    package struct Field: Sendable, Hashable {
        package let number: UInt32
        package let type: WireType
    }

    private let bytes: UnsafeRawBufferPointer
    /// Where ``bytes`` begin in the outermost message, for errors.
    private let origin: Int
    private var position = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.init(bytes, origin: 0)
    }

    private init(_ bytes: UnsafeRawBufferPointer, origin: Int) {
        self.bytes = bytes
        self.origin = origin
    }

    /// Bytes of the message that were not read yet.
    package var remaining: Int { bytes.count &- position }
    package var isAtEnd: Bool { position == bytes.count }
    /// The place in the outermost message.
    package var offset: Int { origin &+ position }

    /// The next field, `nil` at the message's end.
    ///
    /// - Throws: `malformedProtobuf` for field numbers and wire types that do not exist, and for groups, which were
    ///   given up before the protocol was made.
    @inline(__always)
    package mutating func nextField() throws(WireError) -> Field? {
        guard position < bytes.count else { return nil }
        let key = try varint()
        guard let type = WireType(rawValue: UInt8(key & 7)), key >> 3 != 0, key <= UInt64(UInt32.max) else {
            throw badKey(key)
        }
        return Field(number: UInt32(truncatingIfNeeded: key >> 3), type: type)
    }

    /// Steps over the value of a field that is not known.
    package mutating func skip(_ field: Field) throws(WireError) {
        switch field.type {
        case .varint: _ = try varint()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        case .lengthDelimited: _ = try lengthDelimited()
        }
    }

    // MARK: - Values of known fields

    /// The value of a number or boolean written as varint.
    @inline(__always)
    package mutating func integer(_ field: Field, _ name: StaticString) throws(WireError) -> UInt64 {
        guard field.type == .varint else { throw wrongType(field, .varint, name) }
        return try varint()
    }

    package mutating func bool(_ field: Field, _ name: StaticString) throws(WireError) -> Bool {
        try integer(field, name) != 0
    }

    package mutating func double(_ field: Field, _ name: StaticString) throws(WireError) -> Double {
        guard field.type == .fixed64 else { throw wrongType(field, .fixed64, name) }
        return Double(bitPattern: try fixed64())
    }

    /// The bytes of a field, as a view of the message.
    @inline(__always)
    package mutating func bytes(_ field: Field, _ name: StaticString) throws(WireError) -> UnsafeRawBufferPointer {
        guard field.type == .lengthDelimited else { throw wrongType(field, .lengthDelimited, name) }
        return try lengthDelimited()
    }

    /// - Throws: `malformedProtobuf` when the text is not UTF-8.
    package mutating func text(_ field: Field, _ name: StaticString) throws(WireError) -> String {
        let start = offset
        let raw = try bytes(field, name)
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw WireError(.malformedProtobuf, "Unable to parse '\(name)': it is not UTF-8", at: "byte \(start)")
        }
        return text
    }

    /// A scanner of the message that is the field's value.
    package mutating func message(_ field: Field, _ name: StaticString) throws(WireError) -> ProtobufScanner {
        let raw = try bytes(field, name)
        return ProtobufScanner(raw, origin: offset &- raw.count)
    }

    // MARK: - Encodings

    @inline(__always)
    package mutating func varint() throws(WireError) -> UInt64 {
        if position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                position &+= 1
                return UInt64(byte)
            }
        }
        return try longVarint()
    }

    @inline(__always)
    package mutating func fixed32() throws(WireError) -> UInt32 {
        let start = position
        try advance(4)
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
    }

    @inline(__always)
    package mutating func fixed64() throws(WireError) -> UInt64 {
        let start = position
        try advance(8)
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }

    private mutating func longVarint() throws(WireError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            position &+= 1
            // The tenth byte has room for one bit only.
            guard shift < 63 || byte <= 1 else {
                throw WireError(
                    .malformedProtobuf, "a protobuf integer has more than 64 bits", at: "byte \(origin &+ start)")
            }
            result |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return result }
            shift &+= 7
        }
        throw WireError(
            .malformedProtobuf, "a protobuf integer ends after the data does", at: "byte \(origin &+ start)")
    }

    @inline(__always)
    private mutating func lengthDelimited() throws(WireError) -> UnsafeRawBufferPointer {
        let length = try varint()
        guard length <= UInt64(remaining) else { throw truncated(length) }
        let start = position
        position &+= Int(length)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    @inline(__always)
    private mutating func advance(_ count: Int) throws(WireError) {
        guard count <= remaining else { throw truncated(UInt64(count)) }
        position &+= count
    }

    // MARK: - Errors

    private func badKey(_ key: UInt64) -> WireError {
        switch key & 7 {
        case 3, 4:
            WireError(.malformedProtobuf, "protobuf groups are not part of the protocol", at: "byte \(offset)")
        default:
            WireError(
                .malformedProtobuf, "protobuf field \(key >> 3) of wire type \(key & 7) does not exist",
                at: "byte \(offset)")
        }
    }

    private func wrongType(_ field: Field, _ expected: WireType, _ name: StaticString) -> WireError {
        WireError(
            .malformedProtobuf,
            "Unable to parse '\(name)': expected protobuf wire type \(expected.rawValue), got \(field.type.rawValue)",
            at: "byte \(offset)")
    }

    private func truncated(_ count: UInt64) -> WireError {
        WireError(
            .malformedProtobuf, "a protobuf field claims \(count) bytes, but only \(remaining) are left",
            at: "byte \(offset)")
    }
}
