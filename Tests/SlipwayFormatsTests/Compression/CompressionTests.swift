// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Inflate and deflate")
struct CompressionTests {
    static let framings: [CompressionFraming] = [.gzip, .zlib, .raw, .zlibOrRaw]
    static let text = Array("slipway slipway slipway, a model server".utf8)

    @Test("inflates what was deflated", arguments: framings, [0, 1, 39, 200_000])
    func roundTrip(framing: CompressionFraming, count: Int) throws {
        let bytes = (0..<count).map { Self.text[$0 % Self.text.count] &+ UInt8(truncatingIfNeeded: $0 / 1000) }
        let packed = try Deflate.compress(bytes, framing: framing)
        #expect(try Inflate.decompress(packed, framing: framing, outputLimit: count) == bytes)
    }

    @Test("inflates what Python's zlib wrote")
    func golden() throws {
        // zlib.compress(b'slipway') and the same without its two-byte header and checksum.
        let zlib: [UInt8] = [
            0x78, 0x9C, 0x2B, 0xCE, 0xC9, 0x2C, 0x28, 0x4F, 0xAC, 0x04, 0x00, 0x0C, 0x21, 0x03, 0x0A,
        ]
        let expected = Array("slipway".utf8)
        #expect(try Inflate.decompress(zlib, framing: .zlibOrRaw, outputLimit: 100) == expected)
        #expect(try Inflate.decompress(Array(zlib[2..<11]), framing: .zlibOrRaw, outputLimit: 100) == expected)
    }

    @Test("inflates several gzip members as one stream")
    func members() throws {
        let member = try Deflate.compress(Self.text, framing: .gzip)
        let both = try Inflate.decompress(member + member, framing: .gzip, outputLimit: 1000)
        #expect(both == Self.text + Self.text)
        let limit = Self.text.count * 2 - 1
        #expect(throws: FormatError.self) {
            try Inflate.decompress(member + member, framing: .gzip, outputLimit: limit)
        }
    }

    @Test(
        "a gzip member whose first bytes lie at the end of what is read at once is not lost", arguments: 65_530...65_537
    )
    func straddling(end: Int) throws {
        let pickle = Opcodes.pickle(4, Opcodes.text("whole"))
        var first = try Deflate.compress(Array(pickle.prefix(4)), framing: .gzip)
        // A file name in the header makes the member as long as is wanted.
        first[3] |= 8
        first.insert(contentsOf: [UInt8](repeating: 0x61, count: end - first.count - 1) + [0], at: 10)
        #expect(first.count == end)
        let second = try Deflate.compress(Array(pickle.dropFirst(4)), framing: .gzip)
        #expect(try PickleReader.read(MemorySource(first + second)).value.string == "whole")
    }

    @Test("stops at the limit, however much is packed", arguments: framings)
    func bomb(framing: CompressionFraming) throws {
        let bomb = try Deflate.compress([UInt8](repeating: 0, count: 4 << 20), framing: framing, level: 9)
        #expect(bomb.count < 8192)
        for limit in [0, 1, 65_535, 65_536, (4 << 20) - 1] {
            let error = try #require(throws: FormatError.self) {
                try Inflate.decompress(bomb, framing: framing, outputLimit: limit)
            }
            #expect(error.code == .limitExceeded)
            #expect(error.category == .tooLarge)
        }
        #expect(try Inflate.decompress(bomb, framing: framing, outputLimit: 4 << 20).count == 4 << 20)
        #expect(try Inflate.decompress(bomb, framing: framing, outputLimit: .max).count == 4 << 20)
    }

    @Test("refuses data cut off anywhere", arguments: framings)
    func truncated(framing: CompressionFraming) throws {
        let packed = try Deflate.compress(Self.text, framing: framing)
        for count in 0..<packed.count {
            #expect(throws: FormatError.self) {
                try Inflate.decompress(Array(packed[..<count]), framing: framing, outputLimit: 1000)
            }
        }
    }

    @Test("refuses bytes after the end", arguments: framings)
    func trailing(framing: CompressionFraming) throws {
        let packed = try Deflate.compress(Self.text, framing: framing) + [0]
        #expect(throws: FormatError.self) {
            try Inflate.decompress(packed, framing: framing, outputLimit: 1000)
        }
    }

    @Test("inflates the same whatever pieces the data come in", arguments: [1, 2, 7, 100])
    func pieces(size: Int) throws {
        let packed = try Deflate.compress(Self.text, framing: .gzip)
        let stream = InflateStream(framing: .gzip, outputLimit: 1000)
        var output: [UInt8] = []
        for start in stride(from: 0, to: packed.count, by: size) {
            let piece = Array(packed[start..<min(packed.count, start + size)])
            try piece.withUnsafeBytes { try stream.append($0, to: &output) }
        }
        try stream.finish()
        #expect(output == Self.text)
        #expect(stream.outputCount == Self.text.count)
    }
}
