// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Arrow data that are written")
struct ArrowWriterTests {
    static let compressions: [BlockCompression?] =
        [nil] + BlockCompression.allCases.filter(\.isAvailable).map { Optional($0) }

    static let fields = [
        ArrowOutputField("id", .text), ArrowOutputField("raw", .binary), ArrowOutputField("flag", .number(.bool)),
        ArrowOutputField("i8", .number(.int8)), ArrowOutputField("u64", .number(.uint64)),
        ArrowOutputField("f64", .number(.float64)), ArrowOutputField("at", .instant),
        ArrowOutputField("pair", .fixedList(2, of: .number(.float32))),
        ArrowOutputField("list", .list(of: .number(.int32))), ArrowOutputField("words", .list(of: .text)),
    ]

    /// Rows `first` to `first + count` of a table in which every seventh row has nulls.
    static func columns(_ first: Int, _ count: Int) throws -> [ArrowColumnData] {
        var columns = fields.map { ArrowColumnData($0.type) }
        for row in first..<(first + count) {
            if row % 7 == 6 {
                for index in columns.indices { try columns[index].appendNull() }
                continue
            }
            try columns[0].append("row \(row) ü")
            try [UInt8(row % 256), 0xFF].withUnsafeBytes { try columns[1].append(text: $0) }
            try columns[2].append(row % 2 == 0)
            try columns[3].append(Int8(truncatingIfNeeded: row))
            try columns[4].append(UInt64.max - UInt64(row))
            try columns[5].append(Double(row) / 4)
            try columns[6].append(Timestamp(milliseconds: Int64(row) * 1000))
            try columns[7].appendList { (list) throws(FormatError) in
                try list.append(Float(row))
                try list.append(Float(-row))
            }
            try columns[8].appendList { (list) throws(FormatError) in
                for item in 0..<(row % 3) { try list.append(Int32(item)) }
            }
            try columns[9].appendList { (list) throws(FormatError) in
                for item in 0..<(row % 4) { try list.append("w\(item)") }
            }
        }
        return columns
    }

    static func written(
        _ framing: ArrowWriter.Framing, _ compression: BlockCompression?, batches: [Int] = [5, 300]
    ) throws -> [UInt8] {
        var writer = ArrowWriter(
            fields, framing: framing, compression: compression, metadata: [(key: "who", value: "slipway")])
        var bytes = writer.start()
        var row = 0
        for count in batches {
            bytes += try writer.batch(try columns(row, count))
            row += count
        }
        bytes += writer.finish(metadata: [(key: "rows", value: "305")])
        #expect(writer.byteCount == bytes.count)
        return bytes
    }

    @Test("come back as they were", arguments: [ArrowWriter.Framing.file, .stream], compressions)
    func roundTrip(framing: ArrowWriter.Framing, compression: BlockCompression?) throws {
        var table = try ArrowTable(MemorySource(try Self.written(framing, compression)), readsInstants: true)
        #expect(table.count == 305)
        #expect(table.metadata == ["who": "slipway"])
        if framing == .file { #expect(table.footerMetadata == ["rows": "305"]) }
        #expect(table.fields.map(ArrowColumnType.init) == Self.fields.map { Optional($0.type) })
        // A copy of what was read is written as the same bytes as the original: nothing of it was lost.
        var writer = ArrowWriter(
            Self.fields, framing: framing, compression: compression, metadata: [(key: "who", value: "slipway")])
        var copy = writer.start()
        var row = 0
        while row < table.count {
            let range = table.reach(from: row, byteCount: .max)
            let read = try table.read(range, columns: Array(Self.fields.indices))
            var columns = Self.fields.map { ArrowColumnData($0.type) }
            for index in columns.indices {
                // Null floats are read as NaN; these are the only ones that are.
                for one in 0..<range.count where index != 5 || (row + one) % 7 != 6 {
                    try columns[index].append(one, of: read[index])
                }
            }
            columns[5] = try Self.columns(row, range.count)[5]
            copy += try writer.batch(columns)
            row = range.upperBound
        }
        copy += writer.finish(metadata: [(key: "rows", value: "305")])
        #expect(copy == (try Self.written(framing, compression)))
    }

    @Test("hold the values in the places that readers look in", arguments: compressions)
    func values(compression: BlockCompression?) throws {
        var table = try ArrowTable(MemorySource(try Self.written(.file, compression)), readsInstants: true)
        let read = try table.read(7..<12, columns: Array(Self.fields.indices))
        #expect(try read[0].tensor(0..<5).strings == (7..<12).map { "row \($0) ü" })
        #expect(try read[3].tensor(0..<5).values(as: Int8.self) == [7, 8, 9, 10, 11])
        #expect(try read[4].tensor(0..<1).values(as: UInt64.self) == [UInt64.max - 7])
        #expect(try read[6].tensor(0..<2).values(as: Int64.self) == [7000, 8000])
        #expect(try read[7].tensor(1..<3).values(as: Float.self) == [8, -8, 9, -9])
        #expect(try read[9].tensor(0..<1).strings == ["w0", "w1", "w2"])
    }

    @Test("an empty table is a sound one", arguments: [ArrowWriter.Framing.file, .stream])
    func empty(framing: ArrowWriter.Framing) throws {
        let table = try ArrowTable(MemorySource(try Self.written(framing, nil, batches: [])))
        #expect(table.count == 0 && table.fields.count == Self.fields.count)
    }

    @Test("columns that do not fit are refused")
    func misfits() throws {
        var writer = ArrowWriter([ArrowOutputField("a", .text), ArrowOutputField("b", .text)])
        var one = ArrowColumnData(.text)
        try one.append("x")
        #expect(throws: FormatError.self) { try writer.batch([one, ArrowColumnData(.text)]) }
        #expect(throws: FormatError.self) { try writer.batch([one]) }
        var pair = ArrowColumnData(.fixedList(2, of: .number(.int8)))
        #expect(throws: FormatError.self) { try pair.appendList { _ in } }
    }

    @Test("texts that are no UTF-8 are repaired, bytes are not")
    func repaired() throws {
        var text = ArrowColumnData(.text)
        try [UInt8(0x61), 0xFF].withUnsafeBytes { try text.append(text: $0) }
        var writer = ArrowWriter([ArrowOutputField("t", .text)])
        let bytes = try writer.start() + writer.batch([text]) + writer.finish()
        var table = try ArrowTable(MemorySource(bytes))
        #expect(try table.read(0..<1, columns: [0])[0].tensor(0..<1).strings == ["a\u{FFFD}"])
    }

    @Test("mutated files give values or errors", arguments: compressions)
    func mutations(compression: BlockCompression?) throws {
        let seed = try Self.written(.file, compression, batches: [5, 40])
        var read = 0
        try mutate(seeds: [seed], iterations: 3000, seed: 6) { bytes in
            var table = try ArrowTable(MemorySource(bytes), readsInstants: true)
            let types = table.fields.map(ArrowColumnType.init)
            let range = table.reach(from: 0, byteCount: 4096).prefix(64)
            guard let first = range.first, let last = range.last else { return }
            for index in table.fields.indices {
                let column = try table.read(first..<(last + 1), columns: [index])[0]
                guard let type = types[index] else { continue }
                var copy = ArrowColumnData(type)
                for row in 0..<column.count { try copy.append(row, of: column) }
            }
            read += 1
        }
        // Otherwise the mutations would be too wild to reach anything.
        #expect(read > 0)
    }
}
