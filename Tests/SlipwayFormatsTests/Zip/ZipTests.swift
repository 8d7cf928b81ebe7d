// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("Zip files")
struct ZipTests {
    static func archive(always64Bit: Bool = false) throws -> [UInt8] {
        var writer = ZipWriter(always64Bit: always64Bit)
        try writer.add("a.txt", Array("hello".utf8))
        try writer.add("folder/é.bin", [UInt8](repeating: 7, count: 100_000), method: .deflated)
        try writer.add("empty", [])
        return writer.finish()
    }

    @Test("what is written is read back, with and without the 64-bit extension", arguments: [false, true])
    func roundTrip(always64Bit: Bool) throws {
        let reader = try ZipReader(MemorySource(try Self.archive(always64Bit: always64Bit)))
        #expect(reader.entries.map(\.name) == ["a.txt", "folder/é.bin", "empty"])
        #expect(reader.entries.map(\.byteCount) == [5, 100_000, 0])
        #expect(try reader.read(named: "a.txt") == Array("hello".utf8))
        #expect(try reader.read(1) == [UInt8](repeating: 7, count: 100_000))
        #expect(try reader.read(2) == [])
        #expect(try reader.read(named: "nothing") == nil)
    }

    @Test("reads an archive that has nothing in it")
    func empty() throws {
        #expect(try ZipReader(MemorySource(ZipWriter().finish())).entries.isEmpty)
    }

    @Test("refuses a file cut off anywhere")
    func truncated() throws {
        var writer = ZipWriter()
        try writer.add("a", [1, 2, 3])
        let whole = writer.finish()
        for count in 0..<whole.count {
            #expect(throws: FormatError.self) { try ZipReader(MemorySource(Array(whole[..<count]))) }
        }
    }

    @Test("refuses an entry whose bytes, size or checksum were changed")
    func damaged() throws {
        let whole = try Self.archive()
        // The first entry's five bytes lie after its header of 30 bytes and its name of five.
        for index in 35..<40 {
            var bytes = whole
            bytes[index] ^= 1
            let reader = try ZipReader(MemorySource(bytes))
            #expect(throws: FormatError.self) { try reader.read(0) }
        }
    }

    @Test("refuses a local header that contradicts the directory", arguments: [0, 8, 14, 26, 30])
    func contradiction(offset: Int) throws {
        var bytes = try Self.archive()
        bytes[offset] ^= 1
        #expect(throws: FormatError.self) { try ZipReader(MemorySource(bytes)) }
    }

    @Test("refuses bytes between the directory and its end, where readers look in different places")
    func gap() throws {
        for wide in [false, true] {
            var bytes = try Self.archive(always64Bit: wide)
            bytes.insert(contentsOf: [0, 0], at: bytes.count - (wide ? 98 : 22))
            #expect(throws: FormatError.self) { try ZipReader(MemorySource(bytes)) }
        }
    }

    @Test("refuses a second end in the comment of the first, and a comment of another length")
    func twoEnds() throws {
        let whole = try Self.archive()
        var commented = whole
        commented[whole.count - 2] = 3
        commented += Array("abc".utf8)
        #expect(try ZipReader(MemorySource(commented)).entries.count == 3)
        #expect(throws: FormatError.self) { try ZipReader(MemorySource(commented + [0])) }
        var nested = whole
        nested[whole.count - 2] = 26
        nested += [0x50, 0x4B, 5, 6] + [UInt8](repeating: 1, count: 22)
        #expect(throws: FormatError.self) { try ZipReader(MemorySource(nested)) }
    }

    @Test("refuses a directory of more entries than its end counts")
    func hiddenEntry() throws {
        var bytes = try Self.archive()
        bytes[bytes.count - 12] = 2
        #expect(throws: FormatError.self) { try ZipReader(MemorySource(bytes)) }
    }

    @Test("refuses a 64-bit end record that lies elsewhere than right before its locator")
    func wideElsewhere() throws {
        var bytes = try Self.archive(always64Bit: true)
        bytes[bytes.count - 42 + 8] ^= 1
        #expect(throws: FormatError.self) { try ZipReader(MemorySource(bytes)) }
    }

    @Test("refuses to inflate a deflated entry again and again for reads that go back")
    func backwards() throws {
        var writer = ZipWriter()
        // Each read below inflates all of it: a hundred times 16 MiB are more than 64 times.
        let count = 16 << 20
        try writer.add("a", [UInt8](repeating: 0, count: count), method: .deflated)
        let source = try ZipReader(MemorySource(writer.finish())).source(of: 0)
        let error = try #require(throws: FormatError.self) {
            for _ in 0..<100 {
                _ = try source.bytes(at: count - 1, count: 1)
                _ = try source.bytes(at: 0, count: 1)
            }
        }
        #expect(error.code == .limitExceeded)
    }

    @Test("refuses entries that share their data")
    func overlap() throws {
        var writer = ZipWriter()
        try writer.add("a", [1, 2, 3])
        try writer.add("a", [1, 2, 3])
        var bytes = writer.finish()
        // The second directory entry: 34 bytes of each local entry, 47 of the first directory entry, offset at 42.
        let field = 34 * 2 + 47 + 42
        #expect(bytes[field] == 34)
        bytes[field] = 0
        let error = try #require(throws: FormatError.self) { try ZipReader(MemorySource(bytes)) }
        #expect(error.message.contains("overlap"))
    }

    @Test("refuses more entries, longer names and more bytes than the limits allow")
    func limits() throws {
        let source = MemorySource(try Self.archive())
        let changes: [(inout ZipLimits) -> Void] = [
            { $0.entryCount = 2 }, { $0.nameLength = 4 }, { $0.totalByteCount = 100_004 },
            { $0.directoryByteCount = 9 },
        ]
        for change in changes {
            var limits = ZipLimits()
            change(&limits)
            let error = try #require(throws: FormatError.self) { try ZipReader(source, limits: limits) }
            #expect(error.code == .limitExceeded)
        }
        let reader = try ZipReader(source)
        let error = try #require(throws: FormatError.self) { try reader.read(1, limit: 99_999) }
        #expect(error.code == .limitExceeded)
    }

    @Test("refuses a bomb: much more inside than its size explains")
    func bomb() throws {
        var limits = ZipLimits()
        limits.freeByteCount = 1 << 20
        var writer = ZipWriter()
        try writer.add("zeros", [UInt8](repeating: 0, count: 2 << 20), method: .deflated)
        let source = MemorySource(writer.finish())
        let error = try #require(throws: FormatError.self) { try ZipReader(source, limits: limits) }
        #expect(error.code == .limitExceeded)
        #expect(try ZipReader(source).entries.count == 1)
    }

    @Test("refuses an entry that unpacks to more than it claims")
    func lyingSize() throws {
        var writer = ZipWriter()
        try writer.add("a", [UInt8](repeating: 0, count: 1000), method: .deflated)
        var bytes = writer.finish()
        let directory = bytes.count - 22 - 47
        bytes[directory + 24] = 10
        bytes[directory + 25] = 0
        let reader = try ZipReader(MemorySource(bytes))
        let error = try #require(throws: FormatError.self) { try reader.read(0) }
        #expect(error.code == .malformed)
    }

    @Test("refuses encrypted entries and methods that are not read")
    func unsupported() throws {
        var writer = ZipWriter()
        try writer.add("a", [1])
        let whole = writer.finish()
        let directory = whole.count - 22 - 47
        var encrypted = whole
        encrypted[directory + 8] |= 1
        var otherMethod = whole
        otherMethod[8] = 12
        otherMethod[directory + 10] = 12
        for bytes in [encrypted, otherMethod] {
            let reader = try ZipReader(MemorySource(bytes))
            let error = try #require(throws: FormatError.self) { try reader.read(0) }
            #expect(error.code == .unsupported)
        }
    }
}
