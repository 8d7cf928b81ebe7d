// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

/// Small files that would take very long, were all of what they unpack to looked at.
@Suite("Bounds of scans")
struct ScanBoundsTests {
    /// Opcodes that put a value on the stack and take it off again: 1 MiB, a few kilobytes once deflated.
    private static let busy: [UInt8] = [0x80, 4] + (0..<1 << 20).map { $0 % 2 == 0 ? 0x4E : 0x30 }

    private var limits: ScanLimits {
        var limits = ScanLimits()
        limits.freeByteCount = 2 << 20
        limits.ratio = 1
        return limits
    }

    /// What tells that not everything was looked at.
    private func isCutShort(_ report: ScanReport) -> Bool {
        report.findings.contains { $0.severity == .medium && $0.message.contains("many times as large") }
    }

    @Test("one deflated stream behind many headers of a zip file is not inflated for each of them")
    func sharedStream() throws {
        let stream = try Deflate.compress(Self.busy, framing: .raw)
        // Each header's name reaches over those behind it to the stream.
        let count = 40
        var bytes: [UInt8] = []
        for index in 0..<count {
            let name = 30 * (count - 1 - index)
            bytes += [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0] + [UInt8](repeating: 0, count: 16)
            bytes += Opcodes.littleEndian(UInt16(name)) + [0, 0]
        }
        let report = try ScanReport.scan(MemorySource(bytes + stream), limits: limits)
        #expect(report.findings.contains { $0.message.contains("contradicts itself") })
        #expect(isCutShort(report))
    }

    @Test("a pickle that is compressed many times over is looked at so far", arguments: [1, 20])
    func compressed(members: Int) throws {
        let packed = try Deflate.compress(Self.busy + [0x2E], framing: .gzip)
        var writer = ZipWriter()
        for index in 0..<members { try writer.add("\(index).pkl", packed) }
        let report = try ScanReport.scan(MemorySource(writer.finish()), limits: limits)
        #expect(isCutShort(report) == (members > 1))
    }

    @Test("archives in one another that unpack to more and more are looked at so far")
    func nested() throws {
        var content = [UInt8](repeating: 1, count: 1 << 20)
        for depth in 0..<4 {
            var writer = ZipWriter()
            try writer.add("\(depth)", content, method: .deflated)
            try writer.add("other", [UInt8](repeating: 2, count: 1 << 20), method: .deflated)
            content = writer.finish()
        }
        #expect(isCutShort(try ScanReport.scan(MemorySource(content), limits: limits)))
    }
}
