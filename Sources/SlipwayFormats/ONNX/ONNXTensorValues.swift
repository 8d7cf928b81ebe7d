// SPDX-License-Identifier: Apache-2.0

/// A `TensorProto`, as far as it says where its values are.
///
/// Raw values stay in the file; lists of whole numbers are loaded.
struct ONNXTensorValues {
    private(set) var name = ""
    private(set) var shape: [Int64] = []
    private(set) var type: Int64 = 0
    /// Bytes between the raw values' end and the message's, and their number.
    private(set) var raw: (after: Int, count: Int)?
    private(set) var external: [String: String] = [:]
    private(set) var isElsewhere = false
    /// Values of lists of whole numbers.
    private(set) var integers: [Int64] = []
    /// Values of texts, where they are wanted.
    private(set) var texts: [[UInt8]] = []

    /// - Parameters:
    ///   - keepsTexts: Whether the values of texts are loaded.
    ///   - limit: Values of the lists that are loaded.
    /// - Throws: ``FormatError`` `malformed`, `truncated`, `limitExceeded`.
    init(
        _ reader: inout ProtobufReader, keepsTexts: Bool = false, limit: Int = 64 << 20
    ) throws(FormatError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try reader.appendIntegers(of: field, to: &shape, limit: 64)
            case 2: type = try reader.varint()
            // Packed floats lie as raw ones do.
            case 4, 9, 10:
                let count = try reader.skippedLength()
                raw = (reader.remaining, count)
            case 5, 7, 11: try reader.appendIntegers(of: field, to: &integers, limit: limit)
            case 6 where keepsTexts:
                guard texts.count < limit else {
                    throw FormatError(.limitExceeded, "a tensor has more than \(limit) texts", at: name)
                }
                texts.append(try reader.bytes())
            case 8: name = try reader.string()
            case 13: try Self.readPair(&reader, into: &external)
            case 14: isElsewhere = try reader.varint() == 1
            default: break
            }
        }
    }

    private static func readPair(
        _ reader: inout ProtobufReader, into pairs: inout [String: String]
    ) throws(FormatError) {
        let scope = try reader.enter()
        var (key, value) = ("", "")
        while let field = try reader.nextField() {
            if field.number == 1 { key = try reader.string() }
            if field.number == 2 { value = try reader.string() }
        }
        reader.leave(scope)
        pairs[key] = value
    }

    /// The bytes of ``integers``, little-endian: smaller types, and the bits of half floats, are kept in wider ones.
    ///
    /// - Parameter width: Bytes of one value.
    func integerBytes(width: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(integers.count * width)
        for value in integers {
            for shift in stride(from: 0, to: width * 8, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
            }
        }
        return bytes
    }
}
