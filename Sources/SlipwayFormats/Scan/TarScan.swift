// SPDX-License-Identifier: Apache-2.0

/// Tar archives: PyTorch's oldest format, NeMo's files, and a disguise for anything else.
enum TarScan {
    static func isTar(_ head: [UInt8]) -> Bool { isHeader(head[..<min(512, head.count)]) }

    /// Whether a block begins a member: by its magic, or by its checksum, which is all that Python's reader asks for.
    private static func isHeader(_ block: ArraySlice<UInt8>) -> Bool {
        guard block.count == 512 else { return false }
        if Array(block).has("ustar", at: 257) { return true }
        let start = block.startIndex
        let field = block[(start + 148)..<(start + 156)]
        // The sum is taken with spaces in its own place.
        let sum = block.reduce(0) { $0 + Int($1) } - field.reduce(0) { $0 + Int($1) } + 8 * 0x20
        return octal(field) == sum
    }

    static func scan(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        scanner.add(
            ScanFinding(
                .low, "The file is a tar archive; its members were looked at one by one.", in: member,
                hint: "Unpack it with a tool that stays inside the folder."))
        var offset = 0
        while offset + 512 <= source.byteCount {
            let header = try source.bytes(at: offset, count: 512)
            guard header.contains(where: { $0 != 0 }) else { return }
            guard isHeader(header[...]), let size = size(header) else {
                throw FormatError(.malformed, "a tar member has no header", at: "offset \(offset)")
            }
            let name = name(header)
            guard scanner.countMember(member) else { return }
            let place = (member.map { $0 + "/" } ?? "") + name
            if ArchivePath.escapes(name) { scanner.add(ArchivePath.finding(name, in: member)) }
            let kind = header[156]
            if kind == UInt8(ascii: "1") || kind == UInt8(ascii: "2") {
                let target = text(header[157..<257])
                let isOutside = ArchivePath.escapes(target)
                scanner.add(
                    ScanFinding(
                        isOutside ? .high : .medium, "The member is a link to '\(target)'.", in: place,
                        hint: "Unpack it with a tool that refuses links."))
            }
            if let text = try extensionText(source, kind, at: offset + 512, size) {
                noteExtension(text, kind, with: &scanner, member: place)
            }
            // Python's reader takes no content for links, devices and folders, whatever their size says.
            let isEmpty = (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(kind)
            if isEmpty, size > 0 {
                scanner.add(
                    ScanFinding(
                        .medium, "A link or a folder has content; readers differ in where the next member begins.",
                        in: place, hint: "Do not unpack it."))
            }
            guard isEmpty || size <= source.byteCount - offset - 512 else {
                throw FormatError(.truncated, "a tar member ends after the file does", at: "offset \(offset)")
            }
            if kind == UInt8(ascii: "S") {
                scanner.add(
                    ScanFinding(
                        .medium, "A file with holes; readers differ in where its data and the next member begin.",
                        in: place, hint: "Do not unpack it: models are not packed like that."))
            }
            // Types that are not known are files to Python's reader.
            if size > 0, !isEmpty, !extensionKinds.contains(kind) {
                try scanner.scan(
                    try SliceSource(source, from: offset + 512, count: size), member: place, depth: depth + 1)
            }
            offset += 512 + (isEmpty ? 0 : (size + 511) / 512 * 512)
        }
    }

    /// Headers of pax (`x`, `g`, `X`) and GNU's long names (`L`, `K`), which say something about the next member.
    private static let extensionKinds = Set("xgXLK".utf8)

    private static func extensionText(
        _ source: any ByteSource, _ kind: UInt8, at offset: Int, _ size: Int
    ) throws(FormatError) -> [UInt8]? {
        guard extensionKinds.contains(kind) else { return nil }
        return try source.prefix(at: offset, upTo: min(size, 64 * 1024 + 1))
    }

    private static func noteExtension(
        _ text: [UInt8], _ kind: UInt8, with scanner: inout FileScanner, member: String
    ) {
        if text.count > 64 * 1024 {
            scanner.add(
                ScanFinding(
                    .medium, "An extended header of the tar archive is longer than 64 KiB and was not looked at.",
                    in: member, hint: "Do not unpack it: models have no such headers."))
        }
        let lines = text.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        guard kind != UInt8(ascii: "L"), kind != UInt8(ascii: "K") else {
            let name = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            if ArchivePath.escapes(name) { scanner.add(ArchivePath.finding(name, in: member)) }
            return
        }
        for line in lines {
            if line.contains("size=") || line.contains("GNU.sparse") {
                scanner.add(
                    ScanFinding(
                        .high, "An extended header gives the next member another size; readers differ in which holds.",
                        in: member, hint: "Do not load it. Pack it again without pax headers."))
            }
            for key in ["path=", "linkpath="] {
                guard let record = line.split(separator: " ", maxSplits: 1).last, record.hasPrefix(key) else {
                    continue
                }
                let name = String(record.dropFirst(key.utf8.count))
                if ArchivePath.escapes(name) { scanner.add(ArchivePath.finding(name, in: member)) }
            }
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func name(_ header: [UInt8]) -> String {
        let prefix = text(header[345..<500])
        let name = text(header[0..<100])
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    /// Octal digits, or, for large ones, a number of base 256.
    private static func size(_ header: [UInt8]) -> Int? {
        let field = header[124..<136]
        guard field.first.map({ $0 & 0x80 == 0 }) ?? false else {
            let value = field.dropFirst().suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }
        return octal(field) ?? 0
    }

    /// A number in octal digits, spaces before it; `nil` where there is none.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}

/// Names of members that lead out of the folder they are unpacked into.
enum ArchivePath {
    static func escapes(_ name: String) -> Bool {
        let parts = name.split(whereSeparator: { $0 == "/" || $0 == "\\" })
        let isDrive = name.utf8.count > 1 && Array(name.utf8)[1] == UInt8(ascii: ":")
        return name.hasPrefix("/") || name.hasPrefix("\\") || isDrive || parts.contains("..") || name.utf8.contains(0)
    }

    static func finding(_ name: String, in member: String?) -> ScanFinding {
        ScanFinding(
            .high, "The member '\(name.prefix(200))' leads out of the folder into which it is unpacked.", in: member,
            hint: "Do not unpack it.")
    }
}
