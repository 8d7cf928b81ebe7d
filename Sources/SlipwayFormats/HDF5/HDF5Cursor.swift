// SPDX-License-Identifier: Apache-2.0

/// Reads fields of an HDF5 structure one after another; addresses and lengths have the widths of the file.
struct HDF5Cursor {
    let bytes: [UInt8]
    private(set) var position = 0
    let widths: HDF5Widths
    /// Where the bytes lie in the file, for errors.
    let origin: Int

    init(_ bytes: [UInt8], _ widths: HDF5Widths, origin: Int) {
        self.bytes = bytes
        self.widths = widths
        self.origin = origin
    }

    var left: Int { bytes.count - position }

    mutating func skip(_ count: Int) throws(FormatError) {
        guard count >= 0, count <= left else { throw end(count) }
        position += count
    }

    mutating func take(_ count: Int) throws(FormatError) -> [UInt8] {
        let start = position
        try skip(count)
        return Array(bytes[start..<position])
    }

    mutating func byte() throws(FormatError) -> Int { try integer(1) }
    mutating func short() throws(FormatError) -> Int { try integer(2) }
    mutating func word() throws(FormatError) -> Int { try integer(4) }

    /// An unsigned integer of `width` bytes that fits an `Int`.
    mutating func integer(_ width: Int) throws(FormatError) -> Int {
        guard let value = Int(exactly: try unsigned(width)) else {
            throw FormatError(.malformed, "an HDF5 number is larger than any file", at: "offset \(origin + position)")
        }
        return value
    }

    mutating func length() throws(FormatError) -> Int { try integer(widths.length) }

    /// An address; `nil` for the undefined one.
    mutating func address() throws(FormatError) -> Int? {
        let value = try unsigned(widths.offset)
        let undefined: UInt64 = widths.offset >= 8 ? .max : (1 << UInt64(8 * widths.offset)) - 1
        guard value != undefined else { return nil }
        guard let address = Int(exactly: value) else {
            throw FormatError(.malformed, "an HDF5 address lies outside any file", at: "offset \(origin + position)")
        }
        return address
    }

    /// An address that must be there.
    mutating func definedAddress(_ what: String) throws(FormatError) -> Int {
        guard let address = try address() else {
            throw FormatError(.malformed, "\(what) has no address", at: "offset \(origin)")
        }
        return address
    }

    /// Text up to a zero byte, which is skipped.
    mutating func terminated() throws(FormatError) -> String {
        guard let end = bytes[position...].firstIndex(of: 0) else { throw self.end(1) }
        let text = String(decoding: bytes[position..<end], as: UTF8.self)
        position = end + 1
        return text
    }

    /// Goes on to the next multiple of eight bytes from `start`, or to the end.
    mutating func align(from start: Int) {
        let over = (position - start) % 8
        if over > 0 { position = min(bytes.count, position + 8 - over) }
    }

    mutating func expect(_ signature: String, _ what: String) throws(FormatError) {
        guard bytes.has(signature, at: position) else {
            throw FormatError(.malformed, "\(what) is not where the HDF5 file says", at: "offset \(origin)")
        }
        position += signature.utf8.count
    }

    private mutating func unsigned(_ width: Int) throws(FormatError) -> UInt64 {
        guard width <= 8 else {
            throw FormatError(.malformed, "an HDF5 number has \(width) bytes", at: "offset \(origin + position)")
        }
        let start = position
        try skip(width)
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
        return value
    }

    private func end(_ needed: Int) -> FormatError {
        .truncated("an HDF5 structure", needed: needed, available: left, offset: origin + position)
    }
}

/// How many bytes an address and a length take.
struct HDF5Widths: Sendable, Hashable {
    var offset: Int
    var length: Int
}
