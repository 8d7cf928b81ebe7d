// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("CSV, a block of records at a time")
struct CSVStreamTests {
    private static let text = "\u{FEFF}a,b\r\n1,\"x,\"\"y\"\"\nz\"\n\n2,ü\n3,\n\"\",last"

    private static func records(_ stream: inout CSVStream, _ count: Int) throws -> [[String]] {
        let block = try stream.read(count)
        return (0..<block.count).map { block.texts(of: $0) }
    }

    private static let expected = [["a", "b"], ["1", "x,\"y\"\nz"], ["2", "ü"], ["3", ""], ["", "last"]]

    @Test("reads the same records whatever the size of a block", arguments: 1...6)
    func blocks(size: Int) throws {
        var stream = CSVStream(MemorySource(Array(Self.text.utf8)))
        var all: [[String]] = []
        while case let some = try Self.records(&stream, size), !some.isEmpty { all += some }
        #expect(all == Self.expected)
    }

    @Test("goes on from any position, and knows the lines", arguments: 0...5)
    func positions(skipped: Int) throws {
        let source = MemorySource(Array(Self.text.utf8))
        var stream = CSVStream(source)
        #expect(try stream.skip(skipped) == skipped)
        var again = CSVStream(source, from: stream.position)
        let block = try again.read(10)
        #expect((0..<block.count).map { block.texts(of: $0) } == Array(Self.expected.dropFirst(skipped)))
        let lines = [1, 2, 5, 6, 7].dropFirst(skipped)
        #expect((0..<block.count).map { block.line(of: $0) } == Array(lines))
    }

    @Test("a record that is longer than the window, quoted or not, comes whole")
    func windows() throws {
        // The window holds 256 KiB.
        let long = String(repeating: "abcdefgh", count: 100_000)
        let text = "\(long),1\r\n\"\(long)\"\"\n\",2\n"
        var stream = CSVStream(MemorySource(Array(text.utf8)))
        #expect(try Self.records(&stream, 9) == [[long, "1"], [long + "\"\n", "2"]])
    }

    @Test("a block ends once it holds the bytes asked for")
    func bytes() throws {
        var stream = CSVStream(MemorySource(Array("aaaa,bb\ncc,dd\nee,ff\n".utf8)))
        #expect(try stream.read(10, byteCount: 7).count == 2)
        #expect(try stream.read(10, byteCount: 7).count == 1)
    }

    @Test("text after a closing quote damages its record only")
    func damage() throws {
        var stream = CSVStream(MemorySource(Array("a,b\n\"x\"y,1\nc,d\n".utf8)))
        let block = try stream.read(9)
        #expect((0..<3).map { block.damage(of: $0) == nil } == [true, false, true])
        #expect(block.texts(of: 2) == ["c", "d"])
    }

    @Test("a quote that is never closed takes no more memory than one record may")
    func unclosed() {
        let text = "a\n\"" + String(repeating: "x\n", count: 3_000_000)
        var stream = CSVStream(
            MemorySource(Array(text.utf8)), limits: TextLimits(rowByteCount: 1 << 20))
        let error = #expect(throws: FormatError.self) { try stream.read(9) }
        #expect(error?.code == .limitExceeded)
        #expect(error?.location == "line 2")
    }

    @Test("no byte of a record escapes the limit", arguments: [",", "\"", "\r", "x"])
    func endless(byte: String) {
        let text = "a\nb" + String(repeating: byte, count: 2 << 20)
        let limits = TextLimits(rowByteCount: 1 << 20)
        let source = MemorySource(Array(text.utf8))
        var stream = CSVStream(source, limits: limits)
        let error = #expect(throws: FormatError.self) { try stream.read(9) }
        #expect(error?.code == .limitExceeded && error?.location == "line 2")
        var skipping = CSVStream(source, limits: limits)
        let again = #expect(throws: FormatError.self) { try skipping.skip(9) }
        #expect(again?.code == .limitExceeded)
    }

    @Test("a block of empty fields ends before their places take more than a row may")
    func emptyFields() throws {
        let row = String(repeating: ",", count: 99) + "\n"
        var stream = CSVStream(
            MemorySource(Array(String(repeating: row, count: 10).utf8)), limits: TextLimits(rowByteCount: 1000))
        // A row's 100 fields count 800 bytes: the second passes 1000.
        #expect(try stream.read(10).count == 2)
    }

    @Test("any bytes are read or refused, the same way in blocks of one as in one block")
    func mutations() throws {
        try mutate(seeds: [Array(Self.text.utf8), Array("1,2\n3,4\r\n\"5\",6\r".utf8)], iterations: 4000, seed: 11) {
            bytes in
            let source = MemorySource(bytes)
            var whole = CSVStream(source)
            let block = try whole.read(.max)
            var stream = CSVStream(source)
            for index in 0..<block.count {
                let one = try stream.read(1)
                #expect(one.texts(of: 0) == block.texts(of: index))
            }
            var skipping = CSVStream(source)
            #expect(try skipping.skip(.max) == block.count)
        }
    }
}
