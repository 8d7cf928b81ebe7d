// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayCore
import Testing

@Suite("Digest")
struct DigestTests {
    private static let hex = "00010203040506070809101112131415161718192021222324252627282930ff"

    @Test("is 64 lower-case hexadecimal digits")
    func good() throws {
        let digest = try #require(Digest(hex: Self.hex))
        #expect(digest.hex == Self.hex)
        #expect(digest.description == "sha256:" + Self.hex)
    }

    @Test(
        "refuses anything else",
        arguments: [
            "", "00", hex + "0", String(hex.dropLast()), hex.uppercased(), "g" + hex.dropFirst(), " " + hex.dropFirst(),
            "sha256:" + hex,
        ])
    func bad(text: String) {
        #expect(Digest(hex: text) == nil)
    }

    @Test("is made of 32 bytes")
    func bytes() {
        let bytes: [UInt8] = (0..<32).map { UInt8($0 * 8 + 7) }
        #expect(Digest(bytes: bytes).hex == bytes.map { String(format: "%02x", $0) }.joined())
    }

    @Test("is read with and without its prefix")
    func coding() throws {
        let digest = try #require(Digest(hex: Self.hex))
        #expect(try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([digest])) == [digest])
        #expect(try JSONDecoder().decode([Digest].self, from: Data("[\"\(Self.hex)\"]".utf8)) == [digest])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"x\"]".utf8)) }
    }
}
