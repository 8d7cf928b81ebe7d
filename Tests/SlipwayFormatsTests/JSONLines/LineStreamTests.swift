// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("Lines, a block at a time")
struct LineStreamTests {
    private static let text = "\u{FEFF}{\"a\":1}\r\n \n[2]\n\n[3]"

    private static func lines(_ block: LineBlock) -> [String] {
        (0..<block.count).map { String(decoding: block.bytes[block.range(of: $0)], as: UTF8.self) }
    }

    @Test("leaves out empty lines, and reads the same whatever the size of a block", arguments: 1...4)
    func blocks(size: Int) throws {
        var stream = LineStream(MemorySource(Array(Self.text.utf8)))
        var all: [String] = []
        while case let block = try stream.read(size), block.count > 0 { all += Self.lines(block) }
        #expect(all == ["{\"a\":1}", "[2]", "[3]"])
    }

    @Test("goes on from any position, and knows the lines", arguments: 0...3)
    func positions(skipped: Int) throws {
        let source = MemorySource(Array(Self.text.utf8))
        var stream = LineStream(source)
        #expect(try stream.skip(skipped) == skipped)
        var again = LineStream(source, from: stream.position)
        let block = try again.read(9)
        #expect(Self.lines(block) == Array(["{\"a\":1}", "[2]", "[3]"].dropFirst(skipped)))
        #expect((0..<block.count).map { block.line(of: $0) } == Array([1, 3, 5].dropFirst(skipped)))
    }

    @Test("a line longer than the window comes whole, one longer than the limit is refused")
    func long() throws {
        let line = String(repeating: "x", count: 600_000)
        let source = MemorySource(Array("\(line)\ny\n".utf8))
        var stream = LineStream(source)
        #expect(Self.lines(try stream.read(9)) == [line, "y"])
        var limited = LineStream(source, limits: TextLimits(rowByteCount: 500_000))
        let error = #expect(throws: FormatError.self) { try limited.read(9) }
        #expect(error?.code == .limitExceeded)
    }
}
