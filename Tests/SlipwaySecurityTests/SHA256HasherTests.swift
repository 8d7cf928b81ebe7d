// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwaySecurity
import Testing

@Suite("SHA-256")
struct SHA256HasherTests {
    // The examples of FIPS 180-4 as NIST publishes them.
    @Test(
        "gives the published digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func publishedDigests(text: String, hex: String) {
        #expect(SHA256Hasher.digest(of: Array(text.utf8)).hex == hex)
    }

    @Test("gives the same digest whole and in pieces", arguments: [1, 63, 64, 65, 1000])
    func pieces(size: Int) {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hasher = SHA256Hasher()
        for start in stride(from: 0, to: bytes.count, by: size) {
            hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(hasher.digest() == SHA256Hasher.digest(of: bytes))
    }

    @Test("hashes a file of more than one chunk")
    func file() throws {
        let bytes = [UInt8](repeating: 0xA7, count: SHA256Hasher.chunkSize + 17)
        var path = Array("/tmp/slipway-hash-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(name)
        }
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        #expect(try SHA256Hasher.digest(ofFileAt: name) == SHA256Hasher.digest(of: bytes))
    }

    @Test("says which file cannot be read")
    func missingFile() throws {
        let error = try #require(throws: SecurityError.self) {
            try SHA256Hasher.digest(ofFileAt: "/nowhere/at all")
        }
        #expect(error.code == .unreadable)
        #expect(error.location == "/nowhere/at all")
    }
}
