// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The header of an npy file: a Python dictionary with the keys `descr`, `fortran_order` and `shape`.
///
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NumpyHeader {
    let type: NumpyType
    let isFortranOrder: Bool
    let shape: Shape
    /// Where the values start.
    let dataOffset: Int

    static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    /// A header holds a type and a shape; numpy itself refuses more than 10,000 bytes.
    private static let longestHeader = 65_536

    init(_ source: any ByteSource) throws(FormatError) {
        let start = try source.prefix(at: 0, upTo: 12)
        guard start.has(Self.magic) else {
            throw FormatError(.malformed, "this is not an npy file; write it with numpy.save")
        }
        let length: Int
        let textOffset: Int
        switch (start.count > 6 ? start[6] : 0, start.count) {
        case (1, 10...):
            length = Int(start.littleEndian(UInt16.self, at: 8) ?? 0)
            textOffset = 10
        case (2, 12...), (3, 12...):
            length = Int(start.littleEndian(UInt32.self, at: 8) ?? 0)
            textOffset = 12
        case (1...3, _):
            throw FormatError(.truncated, "the npy file ends inside its header")
        default:
            throw FormatError(.unsupported, "npy format versions 1 to 3 are read; write the file with numpy.save")
        }
        guard length <= Self.longestHeader else {
            throw FormatError(.limitExceeded, "the npy header has \(length) bytes, the limit is \(Self.longestHeader)")
        }
        var literal = PythonLiteral(try source.bytes(at: textOffset, count: length))
        let entries = try literal.dictionary()
        dataOffset = textOffset + length
        guard case .string(let descriptor)? = entries["descr"] else {
            throw FormatError(
                .unsupported, "the npy file holds records with several fields; save each field as its own array")
        }
        guard case .boolean(let isFortranOrder)? = entries["fortran_order"],
            case .tuple(let dimensions)? = entries["shape"]
        else { throw FormatError(.malformed, "the npy header lacks its shape or order") }
        type = try NumpyType(descriptor: descriptor)
        self.isFortranOrder = isFortranOrder
        shape = Shape(dimensions)
    }

    /// Bytes of all elements, which must take all of `source` that follows the header.
    ///
    /// - Throws: ``FormatError`` `truncated` or `malformed`.
    func checkedByteCount(in source: any ByteSource) throws(FormatError) -> Int {
        guard let count = shape.elementCount else {
            throw FormatError(.malformed, "the array's shape \(shape) has more elements than memory can address")
        }
        let (expected, overflow) = count.multipliedReportingOverflow(by: type.width)
        let available = source.byteCount - dataOffset
        guard !overflow, expected <= available else {
            throw FormatError(
                .truncated, "the array of shape \(shape) needs more values than the file's \(available) bytes")
        }
        guard expected == available else {
            throw FormatError(
                .malformed,
                "the array of shape \(shape) needs \(expected) bytes, the file has \(available); "
                    + "save one array to a file")
        }
        return expected
    }

    /// The bytes of a header in format version 1.0, so padded that values start at a multiple of 64.
    static func bytes(descriptor: String, shape: Shape) -> [UInt8] {
        let comma = shape.rank == 1 ? "," : ""
        let dimensions = shape.dimensions.map { String($0) }.joined(separator: ", ") + comma
        var text = Array("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(dimensions)), }".utf8)
        let unpadded = magic.count + 4 + text.count + 1
        text += repeatElement(0x20, count: (64 - unpadded % 64) % 64)
        text.append(0x0A)
        var result = magic + [1, 0]
        result.appendLittleEndian(UInt16(truncatingIfNeeded: text.count))
        return result + text
    }
}
