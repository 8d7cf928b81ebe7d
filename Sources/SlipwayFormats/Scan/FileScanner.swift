// SPDX-License-Identifier: Apache-2.0

/// Looks through a file and through what lies in it, by content; names and endings decide nothing.
struct FileScanner {
    let limits: ScanLimits
    private(set) var findings: [ScanFinding] = []
    private var seen: Set<ScanFinding> = []
    private(set) var pickleCount = 0
    private(set) var memberCount = 0
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
        guard findings.count < limits.findings, seen.insert(finding).inserted else { return }
        findings.append(finding)
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
        } else if TarScan.isTar(head) {
            try TarScan.scan(source, with: &self, member: member, depth: depth)
        } else if HDF5Scan.isHDF5(head) {
            try HDF5Scan.scan(source, with: &self, member: member)
        } else if head.has(NumpyHeader.magic) {
            try PickleScan.scanNumpy(source, with: &self, member: member, depth: depth)
        } else {
            // A zip file's first letter is an opcode too, for an id that Python's own loader refuses.
            var isPickle = false
            if !head.has([0x50, 0x4B, 3, 4]) {
                isPickle = try PickleScan.scan(source, head: head, with: &self, member: member, depth: depth)
            }
            if isPickle, isZip {
                add(
                    ScanFinding(
                        .high,
                        "The file is a pickle at its beginning and a zip file at its end: what is loaded depends "
                            + "on who loads it.", in: member, hint: "Do not load it: no tool writes such files."))
            }
            isKnown = isPickle
        }
        if isZip { try ZipScan.scan(source, with: &self, member: member, depth: depth) }
        if !isKnown, !isZip { isKnown = try TextScan.scan(source, head: head, with: &self, member: member) }
        if depth == 0 { isUnknown = !isKnown && !isZip }
    }
}
