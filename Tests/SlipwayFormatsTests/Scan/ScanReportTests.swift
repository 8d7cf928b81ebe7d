// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Security reports")
struct ScanReportTests {
    private static let call = Opcodes.pickle(4, Opcodes.shell())

    static func torch(_ content: [UInt8] = call, method: ZipEntry.Method = .stored) throws -> [UInt8] {
        var writer = ZipWriter()
        try writer.add("archive/data.pkl", content, method: method)
        try writer.add("archive/version", Array("3\n".utf8))
        return writer.finish()
    }

    static func tar(_ name: String, link: String? = nil) -> [UInt8] {
        func field(_ text: String, _ width: Int) -> [UInt8] {
            Array(text.utf8.prefix(width)) + [UInt8](repeating: 0, count: max(0, width - text.utf8.count))
        }
        let content = link == nil ? call : []
        var header = field(name, 100) + field("0000644", 8) + field("0", 8) + field("0", 8)
        header += field(String(content.count, radix: 8), 12) + field("0", 12) + field("0", 8)
        header += field(link == nil ? "0" : "2", 1) + field(link ?? "", 100) + field("ustar", 8)
        header += [UInt8](repeating: 0, count: 512 - header.count)
        return header + content + [UInt8](repeating: 0, count: 512 - content.count % 512 + 1024)
    }

    @Test("files of the frameworks are clean", arguments: PickleReaderTests.files)
    func clean(file: String) throws {
        let report = try ScanReport.scan(PickleReaderTests.source(file))
        #expect(report.findings.isEmpty)
        #expect(report.isClean)
        // Arrays of objects in joblib's files are pickles of their own, inside the one that is counted.
        #expect(report.pickleCount == 1)
    }

    @Test("says what would have run, by which opcode, where, and what to do")
    func content() throws {
        let report = try ScanReport.scan(MemorySource(Self.call))
        let call = try #require(report.findings.first { $0.opcode == "REDUCE" })
        #expect(call.message == "loading would call posix.system('id')")
        #expect(call.offset == 21)
        #expect(call.location == "REDUCE at offset 21")
        #expect(call.hint.contains("Do not load"))
        #expect(report.format == .pickle)
    }

    @Test("looks into zip files, stored or deflated", arguments: [ZipEntry.Method.stored, .deflated])
    func zip(method: ZipEntry.Method) throws {
        let report = try ScanReport.scan(MemorySource(Self.torch(method: method)))
        #expect(report.severity == .high)
        #expect(report.findings.first?.member == "archive/data.pkl")
        #expect(report.memberCount == 2)
        let clean = try ScanReport.scan(MemorySource(Self.torch(Opcodes.pickle(4, Opcodes.none), method: method)))
        #expect(clean.isClean)
    }

    @Test("a zip file whose headers contradict its directory is searched by its headers")
    func mismatch() throws {
        var bytes = try Self.torch()
        let name = Array("archive/data.pkl".utf8)
        let last = try #require(
            (0..<(bytes.count - name.count)).last { bytes[$0..<($0 + name.count)].elementsEqual(name) })
        bytes.replaceSubrange(last..<(last + name.count), with: Array("archive/data.txt".utf8))
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.findings.contains { $0.message.contains("contradicts itself") && $0.severity == .high })
        #expect(report.findings.contains { $0.message.contains("posix.system") && $0.member == "archive/data.pkl" })
        // The same without any directory.
        let cut = try ScanReport.scan(MemorySource(Array(bytes[..<last])))
        #expect(cut.findings.contains { $0.message.contains("posix.system") })
    }

    @Test(
        "members that lead out of their folder are found", arguments: ["../a", "/etc/a", "a/../../b", "..\\a", "C:\\a"])
    func escapes(name: String) throws {
        var writer = ZipWriter()
        try writer.add(name, [1])
        let zip = try ScanReport.scan(MemorySource(writer.finish()))
        #expect(zip.severity == .high)
        let tar = try ScanReport.scan(MemorySource(Self.tar(name)))
        #expect(tar.findings.contains { $0.message.contains("leads out") && $0.severity == .high })
    }

    @Test("two members of one name are found")
    func duplicates() throws {
        var writer = ZipWriter()
        try writer.add("data.pkl", Opcodes.pickle(4, Opcodes.none))
        try writer.add("data.pkl", Opcodes.pickle(4, Opcodes.none))
        #expect(try ScanReport.scan(MemorySource(writer.finish())).severity == .high)
    }

    @Test("a tar archive in disguise is looked into, links included")
    func tar() throws {
        let report = try ScanReport.scan(MemorySource(Self.tar("model.pkl")))
        #expect(report.findings.contains { $0.member == "model.pkl" && $0.message.contains("posix.system") })
        let link = try ScanReport.scan(MemorySource(Self.tar("model.pkl", link: "/etc/passwd")))
        #expect(link.findings.contains { $0.message.contains("link to '/etc/passwd'") && $0.severity == .high })
    }

    @Test(
        "archives that nothing here reads are refused by name",
        arguments: [
            ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"), ([0x52, 0x61, 0x72, 0x21, 0x1A, 7], "RAR"),
        ] as [([UInt8], String)])
    func foreign(magic: [UInt8], name: String) throws {
        let report = try ScanReport.scan(MemorySource(magic + [UInt8](repeating: 0, count: 64)))
        #expect(report.findings.first?.message.contains(name) == true)
        #expect(!report.isClean)
    }

    @Test("archives inside archives are followed, to a depth")
    func stacked() throws {
        var bytes = try Self.torch()
        for _ in 0..<3 {
            var writer = ZipWriter()
            try writer.add("inner.bin", bytes)
            bytes = writer.finish()
        }
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.findings.first?.member == "inner.bin/inner.bin/inner.bin/archive/data.pkl")
        var limits = ScanLimits()
        limits.depth = 2
        let shallow = try ScanReport.scan(MemorySource(bytes), limits: limits)
        #expect(shallow.findings.contains { $0.message.contains("more than 2 deep") })
        #expect(!shallow.isClean)
    }

    @Test("a file that is a pickle in front and a zip file behind is found")
    func polyglot() throws {
        let bytes = Opcodes.pickle(4, Opcodes.none) + (try Self.torch(Opcodes.pickle(4, Opcodes.none)))
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.findings.contains { $0.message.contains("depends on who loads it") && $0.severity == .high })
    }

    @Test("compressed pickles are looked into; compressed archives are said not to be")
    func compressed() throws {
        let report = try ScanReport.scan(MemorySource(Deflate.compress(Self.call, framing: .gzip)))
        #expect(report.findings.contains { $0.message.contains("posix.system") })
        let archive = try ScanReport.scan(MemorySource(Deflate.compress(Self.tar("a"), framing: .gzip)))
        #expect(archive.severity == .medium)
    }

    @Test(
        "what stands behind an npy header is scanned, however the header spells its type",
        arguments: ["|O", "object", "\\x4f", "<f8"])
    func numpy(type: String) throws {
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }\n"
        let head = Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }) + [1, 0]
        let bytes = head + Opcodes.littleEndian(UInt16(text.utf8.count)) + Array(text.utf8) + Self.call
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.findings.contains { $0.message.contains("posix.system") })
    }

    @Test(
        "Lambda layers are found however the configuration is written",
        arguments: [
            #"{"class_name": "Lambda"}"#, "{\n \"class_name\" :\t\"Lambda\" }", #"{"class\u005fname": "L\u0061mbda"}"#,
            #"{"class_name":"Functional","config":{"module":"os","class_name":"function"}}"#,
        ])
    func keras(text: String) throws {
        var writer = ZipWriter()
        try writer.add("config.json", Array(text.utf8), method: .deflated)
        #expect(try ScanReport.scan(MemorySource(writer.finish())).severity == .high)
        let hdf5 =
            [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 0, count: 40) + Array(text.utf8)
        #expect(try ScanReport.scan(MemorySource(hdf5)).severity == .high)
    }

    @Test("layers that only look like Lambda are not")
    func harmlessLayers() throws {
        var writer = ZipWriter()
        try writer.add("config.json", Array(#"{"class_name": "TFOpLambda", "module": "keras.layers"}"#.utf8))
        #expect(try ScanReport.scan(MemorySource(writer.finish())).isClean)
    }

    @Test("a file of no known format is not called clean, and a missing one is an error")
    func unknown() throws {
        #expect(try !ScanReport.scan(MemorySource([1, 2, 3])).isClean)
        #expect(throws: FormatError.self) { try ScanReport.scan(path: "/nowhere/at/all.pkl") }
    }

    @Test("a pickle that would open a shell is scanned, and nothing ran")
    func nothingRuns() throws {
        let folder = try TemporaryFolder()
        let proof = folder.path + "/proof"
        let path = try folder.write("model.pkl", Opcodes.pickle(4, Opcodes.shell("touch " + proof)))
        #expect(try !ScanReport.scan(path: path).isClean)
        let document = try PickleReader.read(FileSource(path: path))
        #expect(throws: FormatError.self) { try document.requireClean() }
        #expect(throws: FormatError.self) { try FileSource(path: proof) }
    }
}
