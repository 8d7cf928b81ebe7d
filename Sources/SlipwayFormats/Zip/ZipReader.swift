// SPDX-License-Identifier: Apache-2.0

/// Reads zip files: stored and deflated entries, and the 64-bit extension.
///
/// The central directory is the truth; each local header is checked against it, and entries that overlap are refused.
///
/// Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
public struct ZipReader: Sendable {
    public let entries: [ZipEntry]
    private let source: any ByteSource
    private let dataOffsets: [Int]

    /// Reads and checks the directory; unpacks nothing.
    ///
    /// - Throws: ``FormatError`` `malformed` or `truncated` for what is not a whole zip file, `limitExceeded` for one
    ///   that would unpack to more than `limits` allow.
    public init(_ source: any ByteSource, limits: ZipLimits = ZipLimits()) throws(FormatError) {
        let directory = try ZipDirectory(source, limits: limits)
        try Self.checkSizes(directory.entries, limits: limits)
        var dataOffsets: [Int] = []
        dataOffsets.reserveCapacity(directory.entries.count)
        for entry in directory.entries {
            dataOffsets.append(try Self.dataOffset(of: entry, in: source, before: directory.offset))
        }
        let ranges = zip(directory.entries, dataOffsets)
            .map { (start: $0.localHeaderOffset, end: $1 + $0.compressedByteCount) }
            .sorted { $0.start < $1.start }
        for (one, next) in zip(ranges, ranges.dropFirst()) where one.end > next.start {
            throw FormatError(
                .malformed, "entries of the zip file overlap; it is damaged or made to exhaust memory",
                at: "offset \(next.start)")
        }
        entries = directory.entries
        self.source = source
        self.dataOffsets = dataOffsets
    }

    /// The unpacked bytes of the first entry with this name, `nil` when there is none.
    ///
    /// - Throws: ``FormatError`` as ``read(_:limit:)`` does.
    public func read(named name: String, limit: Int = .max) throws(FormatError) -> [UInt8]? {
        guard let index = entries.firstIndex(where: { $0.name == name }) else { return nil }
        return try read(index, limit: limit)
    }

    /// The unpacked bytes of the entry at `index` in ``entries``, checked against its size and checksum.
    ///
    /// - Parameter limit: The most bytes the entry may have.
    /// - Throws: ``FormatError`` `limitExceeded`, `malformed`, or `unsupported` for encryption and other methods.
    public func read(_ index: Int, limit: Int = .max) throws(FormatError) -> [UInt8] {
        let entry = try readable(index)
        guard entry.byteCount <= limit else {
            throw FormatError(
                .limitExceeded, "the zip entry has \(entry.byteCount) bytes, the limit is \(limit)", at: entry.name)
        }
        let bytes: [UInt8]
        switch entry.method {
        case .stored:
            guard entry.byteCount == entry.compressedByteCount else { throw Self.damaged(entry) }
            bytes = try source.bytes(at: dataOffsets[index], count: entry.byteCount)
        case .deflated:
            bytes = try inflate(entry, at: dataOffsets[index])
        case .other(let number): throw Self.unknownMethod(number, entry)
        }
        guard bytes.count == entry.byteCount, CRC32.checksum(bytes) == entry.crc32 else { throw Self.damaged(entry) }
        return bytes
    }

    /// The unpacked bytes of the entry at `index`, read a piece at a time whatever its size.
    ///
    /// Stored entries can be read at any offset, and their checksum is not looked at; deflated ones are inflated from
    /// front to back, and going back begins again.
    ///
    /// - Throws: ``FormatError`` `malformed`, or `unsupported` for encryption and other methods.
    public func source(of index: Int) throws(FormatError) -> any ByteSource {
        let entry = try readable(index)
        let packed = try SliceSource(source, from: dataOffsets[index], count: entry.compressedByteCount)
        switch entry.method {
        case .stored:
            guard entry.byteCount == entry.compressedByteCount else { throw Self.damaged(entry) }
            return packed
        case .deflated: return DeflatedSource(entry, packed: packed)
        case .other(let number): throw Self.unknownMethod(number, entry)
        }
    }

    private func readable(_ index: Int) throws(FormatError) -> ZipEntry {
        guard entries.indices.contains(index) else {
            throw FormatError(.malformed, "the zip file has no entry number \(index)")
        }
        let entry = entries[index]
        guard !entry.isEncrypted else {
            throw FormatError(.unsupported, "the zip entry is encrypted; pack it without a password", at: entry.name)
        }
        return entry
    }

    private static func unknownMethod(_ number: UInt16, _ entry: ZipEntry) -> FormatError {
        FormatError(
            .unsupported, "compression method \(number) in a zip file is not read; use deflate", at: entry.name)
    }

    private func inflate(_ entry: ZipEntry, at start: Int) throws(FormatError) -> [UInt8] {
        let stream = InflateStream(framing: .raw, outputLimit: entry.byteCount)
        var bytes: [UInt8] = []
        // The size is a claim until it is filled, so large ones grow step by step.
        bytes.reserveCapacity(min(entry.byteCount, 16 << 20))
        var offset = 0
        do throws(FormatError) {
            while offset < entry.compressedByteCount {
                let chunk = try source.bytes(
                    at: start + offset, count: min(256 * 1024, entry.compressedByteCount - offset))
                try chunk.withRawBytes { (raw) throws(FormatError) in try stream.append(raw, to: &bytes) }
                offset += chunk.count
            }
            try stream.finish()
        } catch  where error.code == .limitExceeded {
            throw Self.damaged(entry)
        } catch {
            throw error.located(entry.name)
        }
        return bytes
    }

    static func damaged(_ entry: ZipEntry) -> FormatError {
        FormatError(
            .malformed, "the zip entry does not have the size or checksum the file gives for it", at: entry.name)
    }

    private static func checkSizes(_ entries: [ZipEntry], limits: ZipLimits) throws(FormatError) {
        var total = 0
        var packed = 0
        for entry in entries {
            let (sum, overflow) = total.addingReportingOverflow(entry.byteCount)
            guard !overflow, sum <= limits.totalByteCount else {
                throw FormatError(
                    .limitExceeded, "the zip file unpacks to more than the limit of \(limits.totalByteCount) bytes")
            }
            total = sum
            packed = packed.addingReportingOverflow(entry.compressedByteCount).partialValue
        }
        if total > limits.freeByteCount && total / max(limits.ratio, 1) > max(packed, 0) {
            throw FormatError(
                .limitExceeded, "the zip file unpacks to more than \(limits.ratio) times its size; it is refused")
        }
    }

    /// Where the entry's data start: after its local header, which must say what the directory says.
    private static func dataOffset(
        of entry: ZipEntry, in source: any ByteSource, before end: Int
    ) throws(FormatError) -> Int {
        let start = entry.localHeaderOffset
        guard start >= 0, start <= end - 30 else {
            throw FormatError(.malformed, "the zip directory points outside the file", at: entry.name)
        }
        let header = try source.bytes(at: start, count: 30)
        let name = Array(entry.name.utf8)
        guard header.has([0x50, 0x4B, 3, 4]),
            let nameLength: UInt16 = header.littleEndian(at: 26),
            let extraLength: UInt16 = header.littleEndian(at: 28),
            let method: UInt16 = header.littleEndian(at: 8),
            let flags: UInt16 = header.littleEndian(at: 6),
            let crc32: UInt32 = header.littleEndian(at: 14)
        else {
            throw FormatError(.malformed, "a zip entry has no header where the directory says", at: entry.name)
        }
        let dataStart = start + 30 + Int(nameLength) + Int(extraLength)
        guard dataStart <= end, entry.compressedByteCount <= end - dataStart else {
            throw FormatError(.truncated, "a zip entry ends after the file does", at: entry.name)
        }
        let localName = try source.bytes(at: start + 30, count: Int(nameLength))
        guard String(decoding: localName, as: UTF8.self) == entry.name || localName == name,
            ZipDirectory.method(method) == entry.method,
            // With bit 3 the checksum follows the data instead.
            flags & 8 != 0 || crc32 == entry.crc32
        else {
            throw FormatError(.malformed, "a zip entry's header contradicts the directory", at: entry.name)
        }
        return dataStart
    }
}
