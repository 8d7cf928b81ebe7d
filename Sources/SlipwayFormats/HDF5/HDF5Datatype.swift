// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The type of an element as the file has it.
indirect enum HDF5Datatype: Sendable, Hashable {
    case number(ElementType, isBigEndian: Bool)
    /// Bytes per string, and whether spaces at the end are padding.
    case text(width: Int, isSpacePadded: Bool)
    case variableText
    /// Bytes without a meaning; Keras keeps bfloat16 like this.
    case opaque(width: Int)
    /// What is not read, by name.
    case other(String, width: Int)

    /// Bytes of one element in the file.
    func width(_ widths: HDF5Widths) -> Int {
        switch self {
        case .number(let type, _): type.byteWidth ?? 1
        case .text(let width, _), .opaque(let width), .other(_, let width): width
        case .variableText: 8 + widths.offset
        }
    }

    /// Reads a datatype message.
    static func read(_ cursor: inout HDF5Cursor) throws(FormatError) -> HDF5Datatype {
        let first = try cursor.byte()
        let bits = try cursor.byte()
        let count = bits + 256 * (try cursor.byte())
        try cursor.skip(1)
        let width = try cursor.word()
        switch first & 0xF {
        case 0:
            return integer(width: width, isSigned: bits & 8 != 0, isBigEndian: bits & 1 != 0)
        case 1:
            guard bits & 0x40 == 0 else { return .other("VAX floating point", width: width) }
            try cursor.skip(5)
            let exponent = try cursor.byte()
            try cursor.skip(1)
            let mantissa = try cursor.byte()
            return float(width: width, exponent: exponent, mantissa: mantissa, isBigEndian: bits & 1 != 0)
        case 3: return .text(width: width, isSpacePadded: bits & 0xF == 2)
        case 5: return .opaque(width: width)
        case 8: return try enumeration(&cursor, count: count, version: first >> 4, width: width)
        case 9:
            return bits & 0xF == 1 ? .variableText : .other("sequences of variable length", width: width)
        case 2: return .other("times", width: width)
        case 4: return .other("bit fields", width: width)
        case 6: return .other("compound values", width: width)
        case 7: return .other("references", width: width)
        case 10: return .other("arrays as elements", width: width)
        default: return .other("type class \(first & 0xF)", width: width)
        }
    }

    private static func integer(width: Int, isSigned: Bool, isBigEndian: Bool) -> HDF5Datatype {
        let type: ElementType? =
            switch width {
            case 1: isSigned ? .int8 : .uint8
            case 2: isSigned ? .int16 : .uint16
            case 4: isSigned ? .int32 : .uint32
            case 8: isSigned ? .int64 : .uint64
            default: nil
            }
        guard let type else { return .other("integers of \(width) bytes", width: width) }
        return .number(type, isBigEndian: isBigEndian)
    }

    private static func float(width: Int, exponent: Int, mantissa: Int, isBigEndian: Bool) -> HDF5Datatype {
        switch (width, exponent, mantissa) {
        case (2, 5, 10): .number(.float16, isBigEndian: isBigEndian)
        case (2, 8, 7): .number(.bfloat16, isBigEndian: isBigEndian)
        case (4, 8, 23): .number(.float32, isBigEndian: isBigEndian)
        case (8, 11, 52): .number(.float64, isBigEndian: isBigEndian)
        default: .other("floating point of \(exponent) and \(mantissa) bits", width: width)
        }
    }

    /// An enumeration is what it is made of, but for the one that h5py makes of Booleans.
    private static func enumeration(
        _ cursor: inout HDF5Cursor, count: Int, version: Int, width: Int
    ) throws(FormatError) -> HDF5Datatype {
        // The base must be an integer, whose description has 12 bytes.
        var base = HDF5Cursor(try cursor.take(12), cursor.widths, origin: cursor.origin)
        guard base.bytes[0] & 0xF == 0 else { return .other("enumerations of what is not an integer", width: width) }
        let type = try read(&base)
        guard count == 2, width == 1 else { return type }
        var names: [String] = []
        for _ in 0..<count {
            let start = cursor.position
            names.append(try cursor.terminated())
            if version < 3 { cursor.align(from: start) }
        }
        return names == ["FALSE", "TRUE"] ? .number(.bool, isBigEndian: false) : type
    }
}
