// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import SlipwayCore
import Testing

@Suite struct ReplyScannerTests {
    /// Feeds the text in pieces and collects the replies.
    private func scan(_ text: String, piece: Int) throws -> [ReplyScanner.Reply] {
        var scanner = ReplyScanner()
        var replies: [ReplyScanner.Reply] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            var rest = bytes[start..<min(start + piece, bytes.count)]
            while !rest.isEmpty {
                let (reply, consumed) = try rest.withUnsafeBytes { try scanner.read($0) }
                rest = rest.dropFirst(consumed)
                if let reply { replies.append(reply) }
            }
        }
        if let last = scanner.readEnd() { replies.append(last) }
        return replies
    }

    private static let stream =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\ncontent-length: 0\r\nConnection: close\r\n\r\n"
        + "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nt: v\r\n\r\n"
        + "HTTP/1.1 204 None\r\n\r\n"

    @Test("finds the end of each reply however the bytes are cut", arguments: [1, 2, 3, 7, 64, 1000])
    func pieces(piece: Int) throws {
        let replies = try scan(Self.stream, piece: piece)
        #expect(replies.map(\.status) == [200, 503, 200, 204])
        #expect(replies.map(\.isPersistent) == [true, false, true, true])
        #expect(replies.reduce(0) { $0 + $1.byteCount } == Self.stream.utf8.count)
    }

    @Test("a reply without a length ends with the connection")
    func untilClose() throws {
        let replies = try scan("HTTP/1.0 200 OK\r\n\r\nsome text", piece: 4)
        #expect(replies.map(\.status) == [200])
        #expect(replies.map(\.isPersistent) == [false])
        #expect(replies.map(\.byteCount) == [28])
    }

    @Test(
        "what is not HTTP is refused",
        arguments: [
            "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
        ])
    func malformed(text: String) {
        #expect(throws: ReplyScanner.Malformed.self) { try scan(text, piece: 50) }
    }

    @Test("a head without end is refused")
    func endlessHead() {
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: "x-filler: 0123456789\r\n", count: 4000)
        #expect(throws: ReplyScanner.Malformed.self) { try scan(head, piece: 1000) }
    }

    @Test("random bytes never trap")
    func noise() {
        var random = SplitMix64(seed: 3)
        let seed = Array(Self.stream.utf8)
        for _ in 0..<2_000 {
            var bytes = seed
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? scan(String(decoding: bytes, as: UTF8.self), piece: 16)
        }
    }
}
