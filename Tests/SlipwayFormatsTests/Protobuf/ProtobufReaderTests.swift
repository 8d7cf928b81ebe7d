// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Protobuf reader")
struct ProtobufReaderTests {
    @Test("gives fields in order and steps over what is not asked for")
    func fields() throws {
        var writer = ProtobufWriter()
        writer.varint(1, -5)
        writer.string(2, "skipped")
        writer.float(3, 1.5)
        writer.message(4) { $0.varint(1, 7) }
        writer.string(5, "end")
        var reader = ProtobufReader(MemorySource(writer.bytes))
        #expect(try reader.nextField()?.number == 1)
        #expect(try reader.varint() == -5)
        #expect(try reader.nextField()?.number == 2)
        #expect(try reader.nextField()?.wireType == .fixed32)
        #expect(try reader.nextField()?.number == 4)
        let scope = try reader.enter()
        #expect(try reader.nextField()?.number == 1)
        reader.leave(scope)
        #expect(try reader.nextField()?.number == 5)
        #expect(try reader.string() == "end")
        #expect(try reader.nextField() == nil)
        #expect(reader.remaining == 0)
    }

    @Test(
        "refuses keys, integers and lengths that the format does not have",
        arguments: [
            [0x00], [0x03], [0x0C], [0x0E], [0x08], [0x08, 0x80], [0x0A, 5, 1], [0x09, 1, 2], [0x0D, 1],
            [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(throws: FormatError.self) {
            var reader = ProtobufReader(MemorySource(bytes))
            while try reader.nextField() != nil {}
        }
    }

    @Test("reads lists packed and unpacked, up to a limit")
    func lists() throws {
        var writer = ProtobufWriter()
        writer.varint(1, 300)
        writer.data(1, [0xAC, 0x02, 0x01])
        var values: [Int64] = []
        var reader = ProtobufReader(MemorySource(writer.bytes))
        while let field = try reader.nextField() { try reader.appendIntegers(of: field, to: &values, limit: 3) }
        #expect(values == [300, 300, 1])
        #expect(throws: FormatError.self) {
            var reader = ProtobufReader(MemorySource(writer.bytes))
            var few: [Int64] = []
            while let field = try reader.nextField() { try reader.appendIntegers(of: field, to: &few, limit: 2) }
        }
    }

    @Test("refuses a text longer than the limit, and cuts where that is asked for")
    func longText() throws {
        var writer = ProtobufWriter()
        writer.string(1, "0123456789")
        let limits = ProtobufLimits(stringLength: 9)
        var reader = ProtobufReader(MemorySource(writer.bytes), limits: limits)
        _ = try reader.nextField()
        var copy = reader
        #expect(throws: FormatError.self) { try copy.string() }
        #expect(try reader.string(truncatedTo: 4) == "0123")
        #expect(try reader.nextField() == nil)
    }

    @Test("reads a file the same as memory, across its windows")
    func file() throws {
        var writer = ProtobufWriter()
        for index in 0..<20_000 { writer.string(1 + index % 15, "value \(index)") }
        let folder = try TemporaryFolder()
        let path = try folder.write("f", writer.bytes)
        var fromFile = ProtobufReader(try FileSource(path: path))
        var fromMemory = ProtobufReader(MemorySource(writer.bytes))
        var count = 0
        while let field = try fromMemory.nextField() {
            #expect(try fromFile.nextField() == field)
            let (one, other) = (try fromMemory.bytes(), try fromFile.bytes())
            #expect(one == other)
            count += 1
        }
        #expect(count == 20_000)
        #expect(try fromFile.nextField() == nil)
    }
}
