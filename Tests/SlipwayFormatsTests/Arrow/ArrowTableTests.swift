// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Arrow files and streams")
struct ArrowTableTests {
    /// A file that pyarrow wrote; see Tests/Fixtures/FIXTURES.md.
    static func fixture(_ name: String, _ here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let source = try FileSource(path: "\(tests)/Fixtures/arrow/\(name).arrow")
        return try source.bytes(at: 0, count: source.byteCount)
    }

    /// All rows of a column, read as far as each batch goes.
    private func column(_ table: inout ArrowTable, _ name: String) throws -> [(ArrowColumn, first: Int)] {
        let index = try #require(table.fields.firstIndex { $0.name == name })
        var row = 0
        var parts: [(ArrowColumn, first: Int)] = []
        while row < table.count {
            let range = table.reach(from: row, byteCount: .max)
            parts.append((try table.read(range, columns: [index])[0], row))
            row = range.upperBound
        }
        return parts
    }

    private func values<T: TensorElement>(_ table: inout ArrowTable, _ name: String, _: T.Type) throws -> [T] {
        try column(&table, name).flatMap { try $0.0.tensor(0..<$0.0.count).values(as: T.self) ?? [] }
    }

    private func strings(_ table: inout ArrowTable, _ name: String) throws -> [String] {
        try column(&table, name).flatMap { try $0.0.tensor(0..<$0.0.count).strings ?? [] }
    }

    private func nulls(_ table: inout ArrowTable, _ name: String) throws -> [Int] {
        try column(&table, name).flatMap { part in part.0.nullRows.map { $0 + part.first } }
    }

    @Test("gives pyarrow's values, whatever the batches", arguments: ["file", "stream"])
    func values(name: String) throws {
        var table = try ArrowTable(MemorySource(try Self.fixture(name)))
        #expect(table.count == 5)
        #expect(try strings(&table, "id") == ["a", "bb", "", "dddd", "a"])
        #expect(try nulls(&table, "id") == [2])
        #expect(try strings(&table, "big") == ["x", "", "zz", "w", "v"])
        #expect(try strings(&table, "kind") == ["red", "blue", "red", "", "blue"])
        #expect(try nulls(&table, "kind") == [3])
        #expect(try values(&table, "flag", Bool.self) == [true, false, true, true, false])
        #expect(try values(&table, "i8", Int8.self) == [-1, 2, 3, 4, 5])
        #expect(try values(&table, "u64", UInt64.self) == [1, 2, 3, 4, 1 << 63])
        #expect(try values(&table, "half", Float16.self) == [0.5, 1, 2, 3, 4])
        let floats = try values(&table, "f32", Float.self)
        #expect(floats[1].isNaN)
        #expect([0, 2, 3, 4].map { floats[$0] } == [1.5, 3.5, 4.5, 5.5])
        #expect(try nulls(&table, "f32") == [])
        #expect(try values(&table, "f64", Double.self) == [1, 2, 3, 4, 5])
        #expect(try values(&table, "fixed", Float.self) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        #expect(try values(&table, "last", Int64.self) == [10, 20, 30, 40, 50])
        let bytes = try column(&table, "bin")[0].0.tensor(0..<1)
        #expect(Array(bytes.storage.bytes) == [2, 0, 0, 0, 0, 0xFF])
    }

    @Test("lists of one length make a tensor, of several none")
    func lists() throws {
        var table = try ArrowTable(MemorySource(try Self.fixture("file")))
        let parts = try column(&table, "list")
        #expect(throws: FormatError.self) { try parts[0].0.tensor(0..<3) }
        #expect(try parts[0].0.tensor(0..<2).shape == [2, 1])
        #expect(try parts[0].0.tensor(2..<3).values(as: Int32.self) == [3, 4])
        #expect(try parts[1].0.tensor(0..<2).shape == [2, 2])
        let fixed = try column(&table, "fixed")[1].0.tensor(0..<2)
        #expect(fixed.shape == [2, 2] && fixed.values(as: Float.self) == [7, 8, 9, 10])
    }

    @Test("names types that no tensor carries, only when they are asked for")
    func unsupported() throws {
        var table = try ArrowTable(MemorySource(try Self.fixture("file")))
        let error = #expect(throws: FormatError.self) { try column(&table, "when") }
        #expect(error?.code == .unsupported)
        #expect(error?.location == "column 'when'")
        #expect(error?.message.contains("timestamp") == true)
    }

    @Test(
        "reads compressed bodies where the codec's library is found, and else says what to do",
        arguments: ["lz4", "zstd"])
    func compressed(codec: String) throws {
        var table = try ArrowTable(MemorySource(try Self.fixture(codec)))
        if BlockCompression(rawValue: codec)?.isAvailable == true {
            #expect(try values(&table, "f64", Double.self) == [1, 2, 3, 4, 5])
        } else {
            let error = #expect(throws: FormatError.self) { try values(&table, "f64", Double.self) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(codec) == true && error?.message.contains("compression=None") == true)
        }
    }

    @Test("a file cut anywhere is refused or read, never more", arguments: ["file", "stream"])
    func cut(name: String) throws {
        let bytes = try Self.fixture(name)
        var refused = 0
        for length in stride(from: 0, to: bytes.count, by: 7) {
            do {
                var table = try ArrowTable(MemorySource(Array(bytes[..<length])))
                _ = try strings(&table, "id")
            } catch is FormatError {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test("mutated files give values or errors", arguments: ["file", "stream"])
    func mutations(name: String) throws {
        var read = 0
        try mutate(seeds: [try Self.fixture(name)], iterations: 4000, seed: 21) { bytes in
            var table = try ArrowTable(MemorySource(bytes))
            var row = 0
            while row < min(table.count, 100) {
                let range = table.reach(from: row, byteCount: 4096)
                guard !range.isEmpty else { break }
                for index in table.fields.indices {
                    for column in try table.read(range, columns: [index]) { _ = try column.tensor(0..<column.count) }
                }
                row = range.upperBound
            }
            read += 1
        }
        // Otherwise the mutations would be too wild to reach anything.
        #expect(read > 0)
    }
}
