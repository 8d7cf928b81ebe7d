// SPDX-License-Identifier: Apache-2.0

/// Pickles: alone, stacked, compressed as a whole, nested in bytes, and behind a numpy header.
enum PickleScan {
    /// Scans a file that is a pickle, or is one once it is decompressed.
    ///
    /// - Returns: Whether it is; a file that only happens to begin like one is not.
    static func scan(
        _ source: any ByteSource, head: [UInt8], with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) -> Bool {
        let tail = try source.prefix(at: max(0, source.byteCount - 64), upTo: 64)
        // Loaders take a file for compressed, and never a member of an archive.
        if let compression = WholeFileCompression(head: head) {
            let isChance = depth > 0 ? try beginsByChance(source, compression) : false
            if !isChance {
                return try scanCompressed(source, compression, with: &scanner, member: member, depth: depth)
            }
        }
        let isPickle = PickleSignatures.isPickle(head, tail: tail)
        scanner.sawWrapper = false
        let isRead = try scan(
            SourceBytes(source), from: 0, isCertain: isPickle, with: &scanner, member: member, depth: depth)
        if scanner.sawWrapper { try scanPlainly(SourceBytes(source), with: &scanner, member: member) }
        return isRead
    }

    /// An array of objects in an npy file is a pickle behind the header.
    static func scanNumpy(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        let head = try source.prefix(at: 0, upTo: 64 * 1024)
        let isShort = head.count > 6 && head[6] == 1
        let length =
            isShort
            ? head.littleEndian(UInt16.self, at: 8).map(Int.init) : head.littleEndian(UInt32.self, at: 8).map(Int.init)
        guard let length, length <= source.byteCount else { return }
        let start = (isShort ? 10 : 12) + length
        let text = String(decoding: head[min(start - length, head.count)..<min(start, head.count)], as: UTF8.self)
        // The header is an expression of Python: there are many ways to write `object`, so that it is looked at always.
        let isCertain = ["O'", "O\"", "|O", "obj", "\\"].contains { text.contains($0) } || start > head.count
        _ = try scan(
            SourceBytes(source, from: start), from: start, isCertain: isCertain, with: &scanner, member: member,
            depth: depth)
    }

    /// A deflated member of a zip file, whose length only inflating it tells.
    static func scanInflated(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?, depth: Int
    ) throws(FormatError) {
        let inflated = MeteredBytes(InflatedBytes(source, framing: .raw), limit: scanner.bytesLeft)
        defer { scanner.spend(inflated, member: member) }
        _ = try scan(inflated, from: 0, isCertain: false, with: &scanner, member: member, depth: depth)
    }

    private static func scanCompressed(
        _ source: any ByteSource, _ compression: WholeFileCompression, with scanner: inout FileScanner,
        member: String?, depth: Int
    ) throws(FormatError) -> Bool {
        let name = compression.rawValue
        var probe = PickleInput(try compression.bytes(of: source), limit: scanner.limits.pickle.byteCount)
        let inner = Array(try probe.lookAhead(PickleInput.windowPiece))
        if TarScan.isTar(inner) || ForeignArchive(head: inner) != nil || WholeFileCompression(head: inner) != nil
            || inner.has([0x50, 0x4B, 3, 4])
        {
            scanner.add(
                ScanFinding(
                    .medium, "The file is an archive inside \(name) compression, which was not unpacked.", in: member,
                    hint: "Unpack it and scan the files."))
            return true
        }
        scanner.sawWrapper = false
        let bytes = MeteredBytes(try compression.bytes(of: source), limit: scanner.bytesLeft)
        defer { scanner.spend(bytes, member: member) }
        let isRead = try scan(
            bytes, from: 0, isCertain: PickleSignatures.isPickle(inner, tail: [0x2E]), with: &scanner, member: member,
            depth: depth)
        if scanner.sawWrapper {
            let again = MeteredBytes(try compression.bytes(of: source), limit: bytes.count)
            try scanPlainly(again, with: &scanner, member: member)
        }
        return isRead
    }

    /// Runs through a file of joblib's as `pickle.load` would: what is an array for one is opcodes for the other.
    private static func scanPlainly(
        _ bytes: any SequentialBytes, with scanner: inout FileScanner, member: String?
    ) throws(FormatError) {
        let limits = scanner.limits.pickle
        var machine = PickleMachine(PickleInput(bytes, limit: limits.byteCount), limits: limits, isScan: true)
        machine.isPlain = true
        if let error = run(&machine), error.code == .unreadable { throw error }
        // An array's numbers are no opcodes; what they would do by chance is no finding.
        report(machine.findings.all.filter(isMeantName), nil, with: &scanner, member: member)
    }

    /// Whether a member only begins like one that is compressed: weights begin with any bytes.
    private static func beginsByChance(
        _ source: any ByteSource, _ compression: WholeFileCompression
    ) throws(FormatError) -> Bool {
        guard compression == .zlib || compression == .lzma else { return false }
        do throws(FormatError) {
            var probe = PickleInput(try compression.bytes(of: source), limit: 1 << 20)
            _ = try probe.lookAhead(PickleInput.windowPiece)
            return false
        } catch  where error.code == .unreadable || error.code == .unsupported {
            throw error
        } catch {
            return true
        }
    }

    /// Runs through all pickles of a stream.
    ///
    /// - Parameter isCertain: Whether the stream is known to be a pickle; otherwise only what would bring in a name
    ///   counts, because any bytes are some opcodes.
    private static func scan(
        _ bytes: any SequentialBytes, from offset: Int, isCertain: Bool, with scanner: inout FileScanner,
        member: String?, depth: Int
    ) throws(FormatError) -> Bool {
        let limits = scanner.limits
        var machine = PickleMachine(
            PickleInput(bytes, from: offset, limit: limits.pickle.byteCount), limits: limits.pickle, isScan: true)
        for number in 0..<limits.stackedPickles {
            let outcome = run(&machine)
            if machine.sawWrapper { scanner.sawWrapper = true }
            if let error = outcome, error.code == .unreadable { throw error }
            let named = machine.findings.all.contains(where: isMeantName)
            // What follows the first pickle is raw data in most files that have anything there.
            let isSure = number == 0 ? isCertain : machine.protocolVersion > 0
            let isMeant =
                machine.sawName || !machine.nestedPickles.isEmpty
                || machine.findings.all.contains { $0.severity > .low }
            guard isSure || named || outcome == nil && isMeant else {
                if number > 0 { noteTrailing(&scanner, member) }
                return number > 0
            }
            report(machine.findings.all, outcome, with: &scanner, member: member)
            for nested in machine.nestedPickles {
                let place = (member.map { $0 + ", " } ?? "") + "bytes at offset \(nested.offset)"
                if depth < limits.depth {
                    _ = try scan(
                        SourceBytes(MemorySource(nested.bytes)), from: 0, isCertain: false, with: &scanner,
                        member: place, depth: depth + 1)
                }
            }
            guard outcome == nil else { return true }
            scanner.countPickle()
            guard try machine.input.peek() != nil else { return true }
            machine.beginAgain()
        }
        scanner.add(
            ScanFinding(
                .medium, "More than \(limits.stackedPickles) pickles follow one another; the rest was not looked at.",
                in: member, hint: "Do not load it: models are not saved like that."))
        return true
    }

    private static func run(_ machine: inout PickleMachine) -> FormatError? {
        do throws(FormatError) {
            machine.noteExpansion(from: try machine.run())
            return nil
        } catch {
            return error
        }
    }

    private static func noteTrailing(_ scanner: inout FileScanner, _ member: String?) {
        scanner.add(
            ScanFinding(
                .low, "Bytes that are no pickle follow the end of the pickle.", in: member,
                hint: "Loaders ignore them, except PyTorch's for its files of before version 1.6."))
    }

    /// Whether a finding is about a name that did not come about by chance.
    private static func isMeantName(_ finding: PickleFinding) -> Bool {
        let calls = ["REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"]
        return (finding.name.map(isName) ?? false)
            && (finding.severity == .high || finding.severity == .medium && calls.contains(finding.opcode))
    }

    /// Whether a name could be one: bytes that are no pickle make names of anything.
    private static func isName(_ name: PickleName) -> Bool {
        let isPart = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { $0 < 0x80 && ($0.isASCIILetterOrDigit || $0 == 0x2E || $0 == 0x5F) }
        }
        return isPart(name.module) && isPart(name.name)
    }

    private static func report(
        _ found: [PickleFinding], _ outcome: FormatError?, with scanner: inout FileScanner, member: String?
    ) {
        for finding in found {
            scanner.add(
                ScanFinding(
                    finding.severity, finding.message, in: member, opcode: finding.opcode, at: finding.offset,
                    hint: hint(finding)))
        }
        guard let outcome else { return }
        scanner.add(
            ScanFinding(
                .medium,
                "The pickle cannot be read to its end: \(outcome.message)\(outcome.location.map { " (\($0))" } ?? ""). "
                    + "Python runs what comes before.", in: member,
                hint: "Get the file again, or do not load it: scanners that need a whole file are blind to it."))
    }

    private static func hint(_ finding: PickleFinding) -> String {
        switch finding.severity {
        case .high: "Do not load this file in Python. Ask where it comes from."
        case .medium: "Load it only if you know what this is and trust where the file comes from."
        case .low: "No harm by itself."
        }
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}
