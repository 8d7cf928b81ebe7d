// SPDX-License-Identifier: Apache-2.0

/// The central directory of a zip file.
struct ZipDirectory {
    let entries: [ZipEntry]
    /// Where it starts; all entries lie before it.
    let offset: Int

    private struct Place {
        var count: Int
        var byteCount: Int
        var offset: Int
    }

    init(_ source: any ByteSource, limits: ZipLimits) throws(FormatError) {
        let place = try Self.find(in: source)
        guard place.count <= limits.entryCount, place.byteCount <= limits.directoryByteCount else {
            throw FormatError(
                .limitExceeded,
                "the zip file has \(place.count) entries and a directory of \(place.byteCount) bytes; "
                    + "the limits are \(limits.entryCount) and \(limits.directoryByteCount)")
        }
        let bytes = try source.bytes(at: place.offset, count: place.byteCount)
        // An entry takes 46 bytes at least; a larger count is a lie.
        guard place.count <= bytes.count / 46 else {
            throw FormatError(.malformed, "the zip directory is shorter than its number of entries needs")
        }
        var entries: [ZipEntry] = []
        entries.reserveCapacity(place.count)
        var position = 0
        for _ in 0..<place.count {
            entries.append(try Self.entry(in: bytes, at: &position, limits: limits))
        }
        // Some readers go by the number of entries, others by the directory's size.
        guard position == bytes.count else {
            throw FormatError(.malformed, "the zip directory is longer than its number of entries needs")
        }
        self.entries = entries
        offset = place.offset
    }

    static func method(_ number: UInt16) -> ZipEntry.Method {
        switch number {
        case 0: .stored
        case 8: .deflated
        default: .other(number)
        }
    }

    private static func entry(
        in bytes: [UInt8], at position: inout Int, limits: ZipLimits
    ) throws(FormatError) -> ZipEntry {
        let start = position
        guard bytes.has([0x50, 0x4B, 1, 2], at: start),
            let flags: UInt16 = bytes.littleEndian(at: start + 8),
            let method: UInt16 = bytes.littleEndian(at: start + 10),
            let crc32: UInt32 = bytes.littleEndian(at: start + 16),
            let compressed: UInt32 = bytes.littleEndian(at: start + 20),
            let uncompressed: UInt32 = bytes.littleEndian(at: start + 24),
            let nameLength: UInt16 = bytes.littleEndian(at: start + 28),
            let extraLength: UInt16 = bytes.littleEndian(at: start + 30),
            let commentLength: UInt16 = bytes.littleEndian(at: start + 32),
            let headerOffset: UInt32 = bytes.littleEndian(at: start + 42)
        else { throw FormatError(.malformed, "the zip directory is damaged", at: "directory offset \(start)") }
        let nameStart = start + 46
        let extraStart = nameStart + Int(nameLength)
        let end = extraStart + Int(extraLength)
        guard end + Int(commentLength) <= bytes.count else {
            throw FormatError(.truncated, "the zip directory ends inside an entry", at: "directory offset \(start)")
        }
        guard Int(nameLength) <= limits.nameLength else {
            throw FormatError(.limitExceeded, "a name in the zip file is longer than \(limits.nameLength) bytes")
        }
        position = end + Int(commentLength)
        var sizes = [UInt64(uncompressed), UInt64(compressed), UInt64(headerOffset)]
        try widen(&sizes, extra: Array(bytes[extraStart..<end]))
        let name = String(decoding: bytes[nameStart..<extraStart], as: UTF8.self)
        guard let byteCount = Int(exactly: sizes[0]), let compressedByteCount = Int(exactly: sizes[1]),
            let localHeaderOffset = Int(exactly: sizes[2])
        else { throw FormatError(.malformed, "a zip entry claims more bytes than any file has", at: name) }
        return ZipEntry(
            name: name, method: Self.method(method), compressedByteCount: compressedByteCount, byteCount: byteCount,
            crc32: crc32, isEncrypted: flags & 1 != 0, localHeaderOffset: localHeaderOffset)
    }

    /// Takes the sizes that do not fit 32 bits from the extra field of the 64-bit extension.
    private static func widen(_ sizes: inout [UInt64], extra: [UInt8]) throws(FormatError) {
        guard sizes.contains(0xFFFF_FFFF) else { return }
        var position = 0
        while let tag: UInt16 = extra.littleEndian(at: position),
            let length: UInt16 = extra.littleEndian(at: position + 2)
        {
            position += 4
            if tag == 1 {
                var value = position
                let end = min(position + Int(length), extra.count)
                for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
                    guard value + 8 <= end, let wide: UInt64 = extra.littleEndian(at: value) else {
                        throw FormatError(.malformed, "the zip directory lacks the size of a large entry")
                    }
                    sizes[index] = wide
                    value += 8
                }
                return
            }
            position += Int(length)
        }
    }

    /// Finds the end record: the last 22 bytes and up to 64 KiB of comment.
    ///
    /// Readers differ in what they make of bytes between the directory and its end, and of several ends; such files
    /// are refused, so that all readers see the same entries.
    private static func find(in source: any ByteSource) throws(FormatError) -> Place {
        let tailCount = min(source.byteCount, 22 + 65_535)
        let tailStart = source.byteCount - tailCount
        let tail = try source.bytes(at: tailStart, count: tailCount)
        guard let index = endRecord(in: tail),
            let commentLength: UInt16 = tail.littleEndian(at: index + 20),
            index + 22 + Int(commentLength) == tail.count,
            let disk: UInt16 = tail.littleEndian(at: index + 4),
            let count: UInt16 = tail.littleEndian(at: index + 10),
            let byteCount: UInt32 = tail.littleEndian(at: index + 12),
            let offset: UInt32 = tail.littleEndian(at: index + 16)
        else { throw FormatError(.malformed, "this is not a zip file, or its end is missing; copy it again") }
        guard disk == 0 || disk == 0xFFFF else {
            throw FormatError(.unsupported, "the zip file is one of several parts; join them first")
        }
        let endRecord = tailStart + index
        let wide = try wideRecord(in: source, endRecord: endRecord)
        let place = wide ?? Place(count: Int(count), byteCount: Int(byteCount), offset: Int(offset))
        let (end, overflow) = place.offset.addingReportingOverflow(place.byteCount)
        guard !overflow, end <= endRecord else {
            throw FormatError(.malformed, "the zip directory lies outside the file")
        }
        guard end == endRecord - (wide == nil ? 0 : wideByteCount) else {
            throw FormatError(.malformed, "there are bytes between the zip directory and its end; pack the file again")
        }
        return place
    }

    /// Where the end record begins: at the very end where there is no comment, the last one there is otherwise.
    private static func endRecord(in tail: [UInt8]) -> Int? {
        let signature: [UInt8] = [0x50, 0x4B, 5, 6]
        if tail.has(signature, at: tail.count - 22), tail.has([0, 0], at: tail.count - 2) { return tail.count - 22 }
        return tail.indices.last { tail[$0] == 0x50 && tail.has(signature, at: $0) }
    }

    /// Bytes of the 64-bit end record and of its locator, which stand between the directory and the end record.
    private static let wideByteCount = 56 + 20

    /// The end record of the 64-bit extension, `nil` when there is none.
    private static func wideRecord(in source: any ByteSource, endRecord: Int) throws(FormatError) -> Place? {
        guard endRecord >= 20 else { return nil }
        let locator = try source.bytes(at: endRecord - 20, count: 20)
        guard locator.has([0x50, 0x4B, 6, 7]), let start: UInt64 = locator.littleEndian(at: 8) else { return nil }
        // Some readers follow the locator, others look right before it.
        guard endRecord >= wideByteCount, start == UInt64(endRecord - wideByteCount) else {
            throw FormatError(.malformed, "the zip file's 64-bit end record is not where it belongs")
        }
        let record = try source.bytes(at: endRecord - wideByteCount, count: 56)
        guard record.has([0x50, 0x4B, 6, 6]),
            let count: UInt64 = record.littleEndian(at: 32),
            let byteCount: UInt64 = record.littleEndian(at: 40),
            let offset: UInt64 = record.littleEndian(at: 48),
            let count = Int(exactly: count), let byteCount = Int(exactly: byteCount),
            let offset = Int(exactly: offset)
        else { throw FormatError(.malformed, "the zip file's 64-bit end record is damaged") }
        return Place(count: count, byteCount: byteCount, offset: offset)
    }
}
