// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("Tar archives in disguise")
struct TarScanTests {
    private static let call = Opcodes.pickle(4, Opcodes.shell())

    /// What tells that a header is one.
    private enum Mark { case magic, checksum, nothing }

    /// A member as `tarfile` writes it.
    private static func member(
        _ name: String, type: Character, link: String = "", content: [UInt8] = [], size: Int? = nil,
        mark: Mark = .magic
    ) -> [UInt8] {
        func field(_ text: String, _ width: Int) -> [UInt8] {
            Array(text.utf8.prefix(width)) + [UInt8](repeating: 0, count: max(0, width - text.utf8.count))
        }
        var header = field(name, 100) + field("0000644", 8) + field("0", 8) + field("0", 8)
        header += field(String(size ?? content.count, radix: 8), 12) + field("0", 12)
        header +=
            [UInt8](repeating: 0x20, count: 8) + field(String(type), 1) + field(link, 100)
            + field(mark == .magic ? "ustar" : "", 8)
        header += [UInt8](repeating: 0, count: 512 - header.count)
        let sum = header.reduce(0) { $0 + Int($1) }
        let text = mark != .nothing ? "0" + String(sum, radix: 8) : "0"
        header.replaceSubrange(148..<156, with: field(text, 8))
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    private static let end = [UInt8](repeating: 0, count: 1024)

    private func scan(_ bytes: [UInt8]) throws -> ScanReport { try ScanReport.scan(MemorySource(bytes)) }

    @Test(
        "members with content are looked into whatever their type says",
        arguments: ["0", "\0", "7", "S", "A", "Z", " "] as [Character])
    func files(type: Character) throws {
        let report = try scan(Self.member("weights", type: type, content: Self.call) + Self.end)
        #expect(report.findings.contains { $0.member == "weights" && $0.message.contains("posix.system") })
        #expect(report.severity == .high)
    }

    @Test("an archive without the magic, which Python's reader does not ask for, is known by its checksum")
    func oldArchive() throws {
        let bytes = Self.member("pickle", type: "0", content: Self.call, mark: .checksum) + Self.end
        #expect(try scan(bytes).findings.contains { $0.message.contains("posix.system") })
        // Without either it is nothing that is known, and is not called clean.
        let neither = Self.member("pickle", type: "0", content: Self.call, mark: .nothing) + Self.end
        #expect(try !scan(neither).isClean)
    }

    @Test("links are named, graver where they lead out", arguments: ["1", "2"] as [Character])
    func links(type: Character) throws {
        let out = try scan(Self.member("model.pt", type: type, link: "../../secret") + Self.end)
        #expect(out.findings.contains { $0.severity == .high && $0.message.contains("../../secret") })
        let inside = try scan(Self.member("model.pt", type: type, link: "other.pt") + Self.end)
        #expect(inside.severity == .medium)
    }

    @Test(
        "a link, device or folder with content is found, and what follows it is not lost",
        arguments: ["1", "2", "3", "4", "5", "6"] as [Character])
    func contentOfSpecials(type: Character) throws {
        // Python's reader goes on right behind the header, whatever the size is.
        let hidden = Self.member("hidden.pkl", type: "0", content: Self.call)
        let report = try scan(Self.member("special", type: type, link: "x", size: 1 << 20) + hidden + Self.end)
        #expect(report.findings.contains { $0.message.contains("readers differ") && $0.member == "special" })
        #expect(report.findings.contains { $0.member == "hidden.pkl" && $0.message.contains("posix.system") })
    }

    @Test("a file with holes is said to be read in several ways")
    func sparse() throws {
        let report = try scan(Self.member("holes", type: "S", content: [1, 2, 3]) + Self.end)
        #expect(report.findings.contains { $0.message.contains("holes") && $0.severity == .medium })
    }

    @Test("names in extended headers are looked at", arguments: ["x", "g", "X", "L", "K"] as [Character])
    func extendedNames(type: Character) throws {
        let text = "LK".contains(type) ? "/etc/passwd\0" : "20 path=/etc/passwd\n"
        let report = try scan(
            Self.member("head", type: type, content: Array(text.utf8)) + Self.member("a", type: "0", content: [1])
                + Self.end)
        #expect(report.findings.contains { $0.severity == .high && $0.message.contains("/etc/passwd") })
    }

    @Test("a size in an extended header, which moves what follows, is found")
    func extendedSize() throws {
        let report = try scan(
            Self.member("head", type: "x", content: Array("11 size=512\n".utf8))
                + Self.member("a", type: "0", content: Self.call) + Self.end)
        #expect(report.findings.contains { $0.severity == .high && $0.message.contains("another size") })
    }

    @Test("a member that ends after the file does is damage, and what comes before was looked at")
    func cut() throws {
        let first = Self.member("first.pkl", type: "0", content: Self.call)
        let report = try scan(first + Self.member("second.pkl", type: "0", size: 1 << 30))
        #expect(report.findings.contains { $0.member == "first.pkl" && $0.message.contains("posix.system") })
        #expect(report.findings.contains { $0.message.contains("damaged") })
    }

    @Test("an archive inside a compressed file, or inside an archive, is not missed")
    func stacked() throws {
        let inner = Self.member("model.pkl", type: "0", content: Self.call) + Self.end
        let outer = try scan(Self.member("inner.bin", type: "0", content: inner) + Self.end)
        #expect(outer.findings.contains { $0.member == "inner.bin/model.pkl" && $0.message.contains("posix.system") })
        let old = Self.member("model.pkl", type: "0", content: Self.call, mark: .checksum) + Self.end
        for archive in [inner, old] {
            let packed = try scan(Deflate.compress(archive, framing: .gzip))
            #expect(packed.findings.contains { $0.message.contains("archive inside gzip") })
        }
    }
}
