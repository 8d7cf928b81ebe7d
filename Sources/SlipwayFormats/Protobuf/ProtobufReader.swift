// SPDX-License-Identifier: Apache-2.0

/// Reads protobuf fields one by one from a source of any size.
///
/// A length-delimited field is loaded only when its value is asked for; otherwise the next call of
/// ``nextField()`` steps over it. Every length is checked against what is left of the message around it.
///
/// Wire format: https://protobuf.dev/programming-guides/encoding/
public struct ProtobufReader {
    /// How a value is written.
    public enum WireType: Sendable, Hashable {
        case varint, fixed64, lengthDelimited, fixed32
    }

    public struct Field: Sendable, Hashable {
        public let number: Int
        public let wireType: WireType
    }

    /// What ``leave(_:)`` goes back to.
    public struct Scope: Sendable {
        fileprivate let outerEnd: Int
        fileprivate let innerEnd: Int
    }

    private let limits: ProtobufLimits
    private let toleratesTruncation: Bool
    private var buffer: BufferedBytes
    private var position = 0
    /// Where the message being read ends.
    private var end: Int
    private var depth = 0
    private var fieldsSeen = 0
    /// The field whose value was not read yet.
    private var pending: WireType?

    /// Whether a message claimed more than there is; with tolerance only.
    private(set) var isTruncated = false

    public init(_ source: any ByteSource, limits: ProtobufLimits = ProtobufLimits()) {
        self.init(source, limits: limits, toleratesTruncation: false)
    }

    /// - Parameter toleratesTruncation: Takes what is left where a field claims more, so that the beginning of a file
    ///   tells its kind.
    init(_ source: any ByteSource, limits: ProtobufLimits, toleratesTruncation: Bool) {
        self.limits = limits
        self.toleratesTruncation = toleratesTruncation
        buffer = BufferedBytes(source)
        end = source.byteCount
    }

    /// Bytes of the current message that were not read yet.
    public var remaining: Int { end - position }

    /// The next field of the current message, `nil` at its end.
    ///
    /// - Throws: ``FormatError`` `truncated`, `malformed` or `limitExceeded`.
    public mutating func nextField() throws(FormatError) -> Field? {
        try skipPending()
        guard position < end else { return nil }
        fieldsSeen += 1
        guard fieldsSeen <= limits.fieldCount else {
            throw FormatError(.limitExceeded, "the file has more than \(limits.fieldCount) protobuf fields")
        }
        let start = position
        let key = try rawVarint()
        let number = key >> 3
        guard (1...0x1FFF_FFFF).contains(number) else {
            throw FormatError(.malformed, "protobuf field number \(number) does not exist", at: "offset \(start)")
        }
        let wireType: WireType
        switch key & 7 {
        case 0: wireType = .varint
        case 1: wireType = .fixed64
        case 2: wireType = .lengthDelimited
        case 5: wireType = .fixed32
        default:
            throw FormatError(.malformed, "protobuf wire type \(key & 7) is not known", at: "offset \(start)")
        }
        pending = wireType
        return Field(number: Int(number), wireType: wireType)
    }

    /// The value of an integer, boolean or enumeration field.
    public mutating func varint() throws(FormatError) -> Int64 {
        try take(.varint)
        return Int64(bitPattern: try rawVarint())
    }

    /// The value of a length-delimited field.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` when it is longer than the limit allows.
    public mutating func bytes() throws(FormatError) -> [UInt8] {
        let count = try length()
        guard count <= limits.stringLength else {
            throw FormatError(
                .limitExceeded, "a text of \(count) bytes is longer than the limit of \(limits.stringLength)",
                at: "offset \(position)")
        }
        let value = try buffer.bytes(at: position, count: count)
        position += count
        return value
    }

    /// The value of a text field; invalid UTF-8 is repaired.
    public mutating func string() throws(FormatError) -> String {
        String(decoding: try bytes(), as: UTF8.self)
    }

    /// At most `limit` bytes of a text field, for texts that are only shown to people.
    public mutating func string(truncatedTo limit: Int) throws(FormatError) -> String {
        let count = try length()
        let value = try buffer.bytes(at: position, count: min(count, limit))
        position += count
        return String(decoding: value, as: UTF8.self)
    }

    /// Steps over a length-delimited field and tells how many bytes it has.
    public mutating func skippedLength() throws(FormatError) -> Int {
        let count = try length()
        position += count
        return count
    }

    /// Goes into the message that is the value of the current field.
    ///
    /// ``nextField()`` then gives its fields until it ends; ``leave(_:)`` goes back out.
    public mutating func enter() throws(FormatError) -> Scope {
        let count = try length()
        guard depth < limits.depth else {
            throw FormatError(
                .limitExceeded, "the file nests messages deeper than \(limits.depth)", at: "offset \(position)")
        }
        depth += 1
        let scope = Scope(outerEnd: end, innerEnd: position + count)
        end = scope.innerEnd
        return scope
    }

    /// Goes back to the message around, past whatever was not read.
    public mutating func leave(_ scope: Scope) {
        position = scope.innerEnd
        end = scope.outerEnd
        depth -= 1
        pending = nil
    }

    /// The integers of a repeated field: one when unpacked, any number when packed.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` when `values` would hold more than `limit`.
    public mutating func appendIntegers(
        of field: Field, to values: inout [Int64], limit: Int
    ) throws(FormatError) {
        var stop = position
        if field.wireType == .varint {
            try take(.varint)
            stop = position + 1
        } else {
            let count = try length()
            stop = position + count
        }
        while position < stop {
            guard values.count < limit else {
                throw FormatError(
                    .limitExceeded, "a list has more than \(limit) numbers", at: "offset \(position)")
            }
            values.append(Int64(bitPattern: try rawVarint()))
        }
        guard field.wireType == .varint || position == stop else {
            throw FormatError(.malformed, "a packed list ends inside a number", at: "offset \(stop)")
        }
    }
}

extension ProtobufReader {
    private mutating func take(_ wireType: WireType) throws(FormatError) {
        guard pending == wireType else {
            throw FormatError(.malformed, "a protobuf field has an unexpected wire type", at: "offset \(position)")
        }
        pending = nil
    }

    /// The checked length of the current length-delimited field; the position is then at its first byte.
    private mutating func length() throws(FormatError) -> Int {
        try take(.lengthDelimited)
        let start = position
        let raw = try rawVarint()
        if toleratesTruncation, raw > UInt64(end - position) {
            isTruncated = true
            return end - position
        }
        guard let count = Int(exactly: raw), count <= end - position else {
            throw FormatError(
                .truncated, "a protobuf field claims \(raw) bytes, but only \(end - position) are left",
                at: "offset \(start)")
        }
        return count
    }

    private mutating func skipPending() throws(FormatError) {
        guard let wireType = pending else { return }
        switch wireType {
        case .varint:
            pending = nil
            _ = try rawVarint()
        case .fixed64: try skipFixed(8)
        case .fixed32: try skipFixed(4)
        case .lengthDelimited: _ = try skippedLength()
        }
    }

    private mutating func skipFixed(_ count: Int) throws(FormatError) {
        pending = nil
        guard count <= end - position else {
            throw .truncated("a fixed-width field", needed: count, available: end - position, offset: position)
        }
        position += count
    }

    private mutating func rawVarint() throws(FormatError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        let start = position
        while position < end {
            let byte = try buffer.byte(at: position)
            position += 1
            // The tenth byte has room for one bit only.
            guard shift < 63 || byte <= 1 else {
                throw FormatError(.malformed, "a protobuf integer has more than 64 bits", at: "offset \(start)")
            }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        throw FormatError(.truncated, "a protobuf integer ends after the data does", at: "offset \(start)")
    }
}
