// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The type of an npy array: `<f4`, `|b1`, `>i8`, `|S5`, `<U3`.
struct NumpyType {
    enum Kind {
        case number(ElementType)
        /// Bytes, padded with NUL.
        case byteString
        /// UTF-32, padded with NUL.
        case text
    }

    let kind: Kind
    /// Bytes of one element.
    let width: Int
    let isBigEndian: Bool

    /// - Throws: ``FormatError`` `unsupported` for objects, dates, complex numbers and records.
    init(descriptor: String) throws(FormatError) {
        let characters = Array(descriptor.utf8)
        guard let order = characters.first else { throw Self.unsupported(descriptor) }
        let hasOrder = "<>|=".utf8.contains(order)
        let rest = hasOrder ? characters.dropFirst() : characters[...]
        guard let kind = rest.first else { throw Self.unsupported(descriptor) }
        guard kind != UInt8(ascii: "O") else {
            throw FormatError(
                .unsupported,
                "the array holds Python objects, which are never unpickled; "
                    + "save it with a numeric or string dtype, for example array.astype('U')")
        }
        guard let size = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), (0...1 << 28).contains(size) else {
            throw Self.unsupported(descriptor)
        }
        isBigEndian = order == UInt8(ascii: ">")
        switch (kind, size) {
        case (UInt8(ascii: "S"), _), (UInt8(ascii: "a"), _): (self.kind, width) = (.byteString, size)
        case (UInt8(ascii: "U"), _): (self.kind, width) = (.text, size * 4)
        default:
            guard let elementType = Self.number(kind, size) else { throw Self.unsupported(descriptor) }
            (self.kind, width) = (.number(elementType), size)
        }
    }

    private static func number(_ kind: UInt8, _ size: Int) -> ElementType? {
        switch (Character(UnicodeScalar(kind)), size) {
        case ("b", 1): .bool
        case ("i", 1): .int8
        case ("i", 2): .int16
        case ("i", 4): .int32
        case ("i", 8): .int64
        case ("u", 1): .uint8
        case ("u", 2): .uint16
        case ("u", 4): .uint32
        case ("u", 8): .uint64
        case ("f", 2): .float16
        case ("f", 4): .float32
        case ("f", 8): .float64
        default: nil
        }
    }

    private static func unsupported(_ descriptor: String) -> FormatError {
        FormatError(
            .unsupported,
            "arrays of numpy type '\(descriptor.prefix(32))' are not read; "
                + "convert to bool, int8-64, uint8-64, float16-64 or strings")
    }
}
