// SPDX-License-Identifier: Apache-2.0

/// Zip files: PyTorch's, Keras' and numpy's, and whatever is packed into one.
enum ZipScan {
    /// Whether some loader would take it for a zip file: one at its beginning, or a directory at its end.
    static func isZip(_ source: any ByteSource, head: [UInt8]) throws(FormatError) -> Bool {
        if head.has([0x50, 0x4B, 3, 4]) || head.has([0x50, 0x4B, 5, 6]) { return true }
        let count = min(source.byteCount, 22 + 65_535)
        let tail = try source.prefix(at: source.byteCount - count, upTo: count)
        guard let index = tail.indices.last(where: { tail[$0] == 0x50 && tail.has([0x50, 0x4B, 5, 6], at: $0) }),
            let size: UInt32 = tail.littleEndian(at: index + 12)
        else { return false }
        // The signature alone may be chance; the directory lies before it, unless it is too large for 32 bits.
        let start = source.byteCount - count + index - Int(size)
        guard size != .max, start >= 0 else { return size == .max }
        return try source.bytes(at: start, count: min(4, source.byteCount - start)).has([0x50, 0x4B])
    }

    static func scan(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        var limits = ZipLimits(totalByteCount: .max)
        limits.ratio = .max
        let reader: ZipReader
        do throws(FormatError) {
            reader = try ZipReader(source, limits: limits)
        } catch  where error.code == .unreadable {
            throw error
        } catch {
            scanner.add(
                ScanFinding(
                    .high,
                    "The zip file contradicts itself: \(error.message)\(error.location.map { " ('\($0)')" } ?? ""). "
                        + "Readers differ in what they see in it, and scanners are meant to see less.",
                    in: member, hint: "Do not load it. A file that was merely cut off has to be copied again."))
            guard !scanner.isInLocalScan else { return }
            scanner.isInLocalScan = true
            defer { scanner.isInLocalScan = false }
            return try ZipLocalScan.scan(source, with: &scanner, member: member, depth: depth)
        }
        var names: Set<String> = []
        for (index, entry) in reader.entries.enumerated() {
            guard scanner.countMember(member) else { return }
            let place = (member.map { $0 + "/" } ?? "") + entry.name
            if ArchivePath.escapes(entry.name) { scanner.add(ArchivePath.finding(entry.name, in: member)) }
            if !names.insert(entry.name).inserted {
                scanner.add(
                    ScanFinding(
                        .high, "Two members have the same name; loaders differ in which of them they take.", in: place,
                        hint: "Do not load it."))
            }
            try scan(reader, index, entry, with: &scanner, place: place, depth: depth)
        }
    }

    private static func scan(
        _ reader: ZipReader, _ index: Int, _ entry: ZipEntry, with scanner: inout FileScanner, place: String, depth: Int
    ) throws(FormatError) {
        guard entry.byteCount > 0 else { return }
        let content: any ByteSource
        do throws(FormatError) {
            content = try reader.source(of: index)
        } catch {
            return scanner.add(
                ScanFinding(
                    .medium, "The member was not looked at: \(error.message).", in: place,
                    hint: "Pack it with plain deflate and without a password."))
        }
        if entry.name == "config.json" || entry.name.hasSuffix("/config.json") {
            try KerasScan.scan(content, with: &scanner, member: place)
        }
        try scanner.scan(content, member: place, depth: depth + 1)
    }
}

/// The members of a zip file whose directory is not to be believed: found by their own headers.
enum ZipLocalScan {
    private static let windowSize = 1 << 20

    static func scan(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        var offset = 0
        while offset < source.byteCount {
            let window = try source.prefix(at: offset, upTo: windowSize)
            for index in window.indices where window[index] == 0x50 && window.has([0x50, 0x4B, 3, 4], at: index) {
                guard scanner.countMember(member) else { return }
                try scanMember(source, at: offset + index, with: &scanner, member: member, depth: depth)
            }
            // Headers across the edge of a window are met in the next one.
            offset += max(1, windowSize - 3)
        }
    }

    private static func scanMember(
        _ source: any ByteSource, at start: Int, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        let header = try source.prefix(at: start, upTo: 30)
        guard let method: UInt16 = header.littleEndian(at: 8), let packed: UInt32 = header.littleEndian(at: 18),
            let nameLength: UInt16 = header.littleEndian(at: 26), let extraLength: UInt16 = header.littleEndian(at: 28)
        else { return }
        let name = String(decoding: try source.prefix(at: start + 30, upTo: Int(nameLength)), as: UTF8.self)
        if ArchivePath.escapes(name) { scanner.add(ArchivePath.finding(name, in: member)) }
        let data = start + 30 + Int(nameLength) + Int(extraLength)
        guard data < source.byteCount else { return }
        let place = (member.map { $0 + "/" } ?? "") + name
        let rest = source.byteCount - data
        let count = packed == 0 || packed == .max ? rest : min(Int(packed), rest)
        let slice = try SliceSource(source, from: data, count: count)
        switch method {
        case 0: try scanner.scan(slice, member: place, depth: depth + 1)
        case 8 where scanner.spend(count, member: place):
            try PickleScan.scanInflated(slice, with: &scanner, member: place, depth: depth + 1)
        default: break
        }
    }
}
