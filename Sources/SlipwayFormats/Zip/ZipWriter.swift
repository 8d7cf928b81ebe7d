// SPDX-License-Identifier: Apache-2.0

/// Writes a zip file in memory, with the 64-bit extension where sizes need it.
public struct ZipWriter: Sendable {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var entryCount = 0
    private let alwaysWide: Bool

    /// - Parameter always64Bit: Writes the 64-bit extension even for small files.
    public init(always64Bit: Bool = false) { alwaysWide = always64Bit }

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - name: With `/` between parts; at most 65,535 bytes.
    ///   - method: ``ZipEntry/Method/stored`` or ``ZipEntry/Method/deflated``.
    /// - Throws: ``FormatError`` `unsupported` for another method, `limitExceeded` for a longer name.
    public mutating func add(
        _ name: String, _ content: [UInt8], method: ZipEntry.Method = .stored
    ) throws(FormatError) {
        let nameBytes = Array(name.utf8)
        guard nameBytes.count <= 0xFFFF else {
            throw FormatError(.limitExceeded, "a name in a zip file has at most 65535 bytes")
        }
        let packed: [UInt8]
        let number: UInt16
        switch method {
        case .stored: (packed, number) = (content, 0)
        case .deflated: (packed, number) = (try Deflate.compress(content, framing: .raw), 8)
        case .other(let other): throw FormatError(.unsupported, "zip method \(other) cannot be written")
        }
        let isWide = alwaysWide || max(content.count, packed.count, bytes.count) >= 0xFFFF_FFFF
        let header = Header(
            method: number, crc32: CRC32.checksum(content), packed: packed.count, unpacked: content.count,
            isWide: isWide)
        let offset = bytes.count
        bytes.appendLittleEndian(UInt32(0x0403_4B50))
        header.append(to: &bytes, name: nameBytes, localOffset: nil)
        bytes += packed
        directory.appendLittleEndian(UInt32(0x0201_4B50))
        directory.appendLittleEndian(UInt16(isWide ? 45 : 20))
        header.append(to: &directory, name: nameBytes, localOffset: offset)
        entryCount += 1
    }

    /// The whole file, with its directory.
    public consuming func finish() -> [UInt8] {
        let offset = bytes.count
        bytes += directory
        let isWide = alwaysWide || entryCount >= 0xFFFF || max(offset, directory.count) >= 0xFFFF_FFFF
        if isWide {
            let record = bytes.count
            bytes.appendLittleEndian(UInt32(0x0606_4B50))
            bytes.appendLittleEndian(UInt64(44))
            bytes.appendLittleEndian(UInt16(45))
            bytes.appendLittleEndian(UInt16(45))
            bytes.appendLittleEndian(UInt64(0))
            for value in [entryCount, entryCount, directory.count, offset] { bytes.appendLittleEndian(UInt64(value)) }
            bytes.appendLittleEndian(UInt32(0x0706_4B50))
            bytes.appendLittleEndian(UInt32(0))
            bytes.appendLittleEndian(UInt64(record))
            bytes.appendLittleEndian(UInt32(1))
        }
        bytes.appendLittleEndian(UInt32(0x0605_4B50))
        bytes.appendLittleEndian(UInt32(0))
        let count = isWide ? UInt16.max : UInt16(entryCount)
        bytes.appendLittleEndian(count)
        bytes.appendLittleEndian(count)
        bytes.appendLittleEndian(isWide ? UInt32.max : UInt32(directory.count))
        bytes.appendLittleEndian(isWide ? UInt32.max : UInt32(offset))
        bytes.appendLittleEndian(UInt16(0))
        return bytes
    }

    /// What a local header and a directory entry have in common.
    private struct Header {
        let method: UInt16
        let crc32: UInt32
        let packed: Int
        let unpacked: Int
        let isWide: Bool

        /// Appends everything after the signature; with an offset in the directory's longer form.
        func append(to target: inout [UInt8], name: [UInt8], localOffset: Int?) {
            let narrow = { (value: Int) in isWide ? UInt32.max : UInt32(value) }
            target.appendLittleEndian(UInt16(isWide ? 45 : 20))
            target.appendLittleEndian(UInt16(0x0800))  // names are UTF-8
            target.appendLittleEndian(method)
            target.appendLittleEndian(UInt16(0))
            target.appendLittleEndian(UInt16(0x21))  // 1 January 1980, so that equal content gives equal files
            target.appendLittleEndian(crc32)
            target.appendLittleEndian(narrow(packed))
            target.appendLittleEndian(narrow(unpacked))
            target.appendLittleEndian(UInt16(name.count))
            let wide = isWide ? [unpacked, packed] + (localOffset.map { [$0] } ?? []) : []
            target.appendLittleEndian(UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
            if let localOffset {
                target.append(contentsOf: repeatElement(0, count: 10))
                target.appendLittleEndian(narrow(localOffset))
            }
            target += name
            guard !wide.isEmpty else { return }
            target.appendLittleEndian(UInt16(1))
            target.appendLittleEndian(UInt16(8 * wide.count))
            for value in wide { target.appendLittleEndian(UInt64(value)) }
        }
    }
}
