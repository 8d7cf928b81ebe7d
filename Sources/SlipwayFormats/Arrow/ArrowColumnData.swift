// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// Values of a column that is written, in the layout that Arrow keeps them in.
public struct ArrowColumnData: Sendable {
    public let type: ArrowColumnType
    public private(set) var count = 0
    public private(set) var nullCount = 0
    /// One byte for each value, 0 for null; empty as long as there is no null.
    private(set) var valid: [UInt8] = []
    /// Values of fixed width one after another, booleans as bytes; or all texts.
    private(set) var bytes: [UInt8] = []
    /// Where each text ends in ``bytes``, or each list in ``items``; a 0 comes first.
    private(set) var offsets: [Int32]
    /// None or one: what lists hold.
    private(set) var items: [ArrowColumnData]

    public init(_ type: ArrowColumnType) {
        self.type = type
        offsets = type.hasOffsets ? [0] : []
        items = type.item.map { [ArrowColumnData($0)] } ?? []
    }

    /// Bytes it takes in memory, about.
    public var byteCount: Int {
        valid.count + bytes.count + 4 * offsets.count + items.reduce(0) { $0 + $1.byteCount }
    }

    static var tooLong: FormatError {
        FormatError(.limitExceeded, "a column of one Arrow batch holds more than 2 GiB: write smaller batches")
    }

    /// - Throws: ``FormatError`` `limitExceeded` where lists of one length would become too many.
    public mutating func appendNull() throws(FormatError) {
        if valid.isEmpty { valid = [UInt8](repeating: 1, count: count) }
        nullCount += 1
        switch type {
        case .number, .instant: bytes.append(contentsOf: repeatElement(0, count: type.byteWidth ?? 1))
        case .text, .binary: offsets.append(Int32(truncatingIfNeeded: bytes.count))
        case .list: offsets.append(Int32(truncatingIfNeeded: items[0].count))
        case .fixedList(let length, _): for _ in 0..<length { try items[0].appendNull() }
        }
        valid.append(0)
        count += 1
    }

    private mutating func appended(_ values: Int) {
        if !valid.isEmpty { valid.append(contentsOf: repeatElement(1, count: values)) }
        count += values
    }

    /// Adds values of fixed width as they lie in memory, little-endian, booleans as bytes.
    ///
    /// - Precondition: The column is of numbers or instants.
    /// - Throws: ``FormatError`` `malformed` for part of a value, `limitExceeded`.
    public mutating func append(packed values: UnsafeRawBufferPointer) throws(FormatError) {
        guard let width = type.byteWidth else { preconditionFailure("the column has no values of fixed width") }
        guard values.count % width == 0 else {
            throw FormatError(.malformed, "\(values.count) bytes are no whole values of \(width)")
        }
        guard bytes.count <= Int(Int32.max) - values.count else { throw Self.tooLong }
        bytes.append(contentsOf: values)
        appended(values.count / width)
    }

    /// Adds a number of the column's type.
    public mutating func append<T: TensorElement>(_ value: T) throws(FormatError) {
        precondition(type == .number(T.elementType), "the column is of another type")
        var value = value
        let packed = withUnsafeBytes(of: &value) { Array($0) }
        try packed.withRawBytes { (raw) throws(FormatError) in try append(packed: raw) }
    }

    public mutating func append(_ instant: Timestamp) throws(FormatError) {
        precondition(type == .instant, "the column is of another type")
        var value = instant.milliseconds.littleEndian
        let packed = withUnsafeBytes(of: &value) { Array($0) }
        try packed.withRawBytes { (raw) throws(FormatError) in try append(packed: raw) }
    }

    /// Adds a text, or bytes.
    public mutating func append(text: UnsafeRawBufferPointer) throws(FormatError) {
        precondition(type == .text || type == .binary, "the column is of another type")
        guard bytes.count <= Int(Int32.max) - text.count else { throw Self.tooLong }
        if type == .text, !UTF8.isValid(text) {
            let repaired = Array(String(decoding: text, as: UTF8.self).utf8)
            guard bytes.count <= Int(Int32.max) - repaired.count else { throw Self.tooLong }
            bytes.append(contentsOf: repaired)
        } else {
            bytes.append(contentsOf: text)
        }
        offsets.append(Int32(truncatingIfNeeded: bytes.count))
        appended(1)
    }

    public mutating func append(_ text: String) throws(FormatError) {
        try Array(text.utf8).withRawBytes { (raw) throws(FormatError) in try append(text: raw) }
    }

    /// Adds a list of what `fill` appends to the items.
    ///
    /// - Throws: ``FormatError`` `malformed` when lists must have another length.
    public mutating func appendList(
        _ fill: (inout ArrowColumnData) throws(FormatError) -> Void
    ) throws(FormatError) {
        precondition(!items.isEmpty, "the column holds no lists")
        let before = items[0].count
        try fill(&items[0])
        if case .fixedList(let length, _) = type {
            guard items[0].count - before == length else {
                throw FormatError(
                    .malformed, "a list of \(items[0].count - before) items where all have \(length)")
            }
        } else {
            guard items[0].count <= Int(Int32.max) else { throw Self.tooLong }
            offsets.append(Int32(truncatingIfNeeded: items[0].count))
        }
        appended(1)
    }
}

extension UTF8 {
    /// Whether the bytes are a text.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Most are plain: a byte above 127 is looked at by the decoder.
        if bytes.allSatisfy({ $0 < 0x80 }) { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}
