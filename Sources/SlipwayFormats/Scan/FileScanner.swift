// SPDX-License-Identifier: Apache-2.0

/// Looks through a file and through what lies in it, by content; names and endings decide nothing.
struct FileScanner {
    let limits: ScanLimits
    private(set) var findings: [ScanFinding] = []
    private var seen: Set<ScanFinding> = []
    private(set) var pickleCount = 0
    private(set) var memberCount = 0
    /// Whether members are being found by their own headers, which is done once only: what is left of the file belongs
    /// to each of them.
    var isInLocalScan = false
    /// Whether the pickle that was read last has arrays of joblib.
    var sawWrapper = false
    /// Bytes that may still be looked at, and whether the report says that they have run out.
    private var byteBudget: Int?
    private var isExhausted = false
    /// Whether the file itself was taken for nothing that is looked into.
    private(set) var isUnknown = true

    init(limits: ScanLimits) { self.limits = limits }

    /// The gravest first, otherwise as they were met.
    var ordered: [ScanFinding] {
        findings.enumerated().sorted {
            ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
        }.map(\.element)
    }

    mutating func add(_ finding: ScanFinding) {
        guard findings.count >= limits.findings else {
            if seen.insert(finding).inserted { findings.append(finding) }
            return
        }
        // A crowd of small findings must not hide a grave one.
        guard let index = findings.lastIndex(where: { $0.severity < finding.severity }),
            seen.insert(finding).inserted
        else { return }
        findings[index] = finding
    }

    mutating func countPickle() { pickleCount += 1 }

    /// Counts a member of an archive; `false` when there are too many.
    mutating func countMember(_ member: String?) -> Bool {
        memberCount += 1
        guard memberCount <= limits.members else {
            add(
                ScanFinding(
                    .medium, "The file has more than \(limits.members) members; the rest was not looked at.",
                    in: member, hint: "Unpack it and scan the files."))
            return false
        }
        return true
    }

    /// Bytes that may still be looked at.
    var bytesLeft: Int { max(0, byteBudget ?? 0) }

    /// Counts bytes that are looked at; `false` when archives in archives come to far more than the file has.
    mutating func spend(_ count: Int, member: String?) -> Bool {
        if byteBudget == nil { byteBudget = min(count, 1 << 40) * min(limits.ratio, 1 << 20) + limits.freeByteCount }
        let (rest, overflow) = (byteBudget ?? 0).subtractingReportingOverflow(max(0, count))
        guard !overflow, rest >= 0 else {
            if !isExhausted {
                add(
                    ScanFinding(
                        .medium,
                        "What is packed in the file is many times as large as the file; the rest was not "
                            + "looked at.", in: member, hint: "Unpack it and scan the files."))
            }
            isExhausted = true
            return false
        }
        byteBudget = rest
        return true
    }

    /// Counts bytes that were decompressed under the limit of ``bytesLeft``.
    mutating func spend(_ bytes: MeteredBytes, member: String?) {
        _ = spend(bytes.count, member: member)
        if bytes.isCut { _ = spend(1, member: member) }
    }

    /// Scans the file, or a member of an archive in it.
    ///
    /// - Throws: ``FormatError`` `unreadable` when the source cannot be read; anything else becomes a finding.
    mutating func scan(_ source: any ByteSource, member: String?, depth: Int) throws(FormatError) {
        guard depth <= limits.depth else {
            return add(
                ScanFinding(
                    .medium, "Archives lie inside archives more than \(limits.depth) deep; the rest was not looked at.",
                    in: member, hint: "Do not load it: models are not packed like that."))
        }
        guard spend(source.byteCount, member: member) else { return }
        do throws(FormatError) {
            try look(source, member: member, depth: depth)
        } catch  where error.code == .unreadable {
            throw error
        } catch {
            add(
                ScanFinding(
                    .medium, "The file is damaged, or made to look so: \(error.message).", in: member,
                    hint: "Get the file again; loaders differ in what they make of damaged files."))
        }
    }

    private mutating func look(_ source: any ByteSource, member: String?, depth: Int) throws(FormatError) {
        let head = try source.prefix(at: 0, upTo: 64 * 1024)
        let isZip = try ZipScan.isZip(source, head: head)
        var isKnown = true
        if let archive = ForeignArchive(head: head) {
            add(archive.finding(in: member))
        } else if head.has(NumpyHeader.magic) {
            try PickleScan.scanNumpy(source, with: &self, member: member, depth: depth)
        } else {
            let isTar = TarScan.isTar(head)
            let isHDF5 = !isTar && HDF5Scan.isHDF5(head)
            // A zip file's first letter is an opcode too, for an id that Python's own loader refuses.
            var isPickle = false
            if !head.has([0x50, 0x4B, 3, 4]) {
                isPickle = try PickleScan.scan(source, head: head, with: &self, member: member, depth: depth)
            }
            // Their signatures fit into a text of a pickle, which loaders of pickles do not ask for.
            if isPickle, isZip || isTar || isHDF5 {
                add(
                    ScanFinding(
                        .high,
                        "The file is a pickle at its beginning, and a zip, tar or HDF5 file too: what is loaded "
                            + "depends on who loads it.", in: member, hint: "Do not load it: no tool writes such files."
                    ))
            }
            if isTar {
                try TarScan.scan(source, with: &self, member: member, depth: depth)
            } else if isHDF5 {
                try HDF5Scan.scan(source, with: &self, member: member)
            }
            isKnown = isPickle || isTar || isHDF5
        }
        if isZip { try ZipScan.scan(source, with: &self, member: member, depth: depth) }
        if !isKnown, !isZip { isKnown = try TextScan.scan(source, head: head, with: &self, member: member) }
        if depth == 0 { isUnknown = !isKnown && !isZip }
    }
}
