// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

@Suite("The protocol of a connection")
struct ProtocolGuessTests {
    private let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    @Test("is HTTP/2 after its whole preface, in whatever pieces", arguments: 1...24)
    func http2(piece: Int) {
        var guess = ProtocolGuess()
        let bytes = Array(preface.utf8)
        var verdict = ProtocolGuess.Verdict.undecided
        for start in stride(from: 0, to: bytes.count, by: piece) {
            #expect(verdict == .undecided)
            verdict = guess.received(bytes[start..<min(start + piece, bytes.count)])
        }
        #expect(verdict == .http2)
    }

    @Test("is HTTP/2 when frames follow at once")
    func framesFollow() {
        var guess = ProtocolGuess()
        #expect(guess.received((preface + "\0\0\0\u{4}").utf8) == .http2)
    }

    @Test(
        "is HTTP/1 from the first byte that differs",
        arguments: ["G", "POST /", "PRI * HTTP/1.1", "PUT", "\0", "PRI * HTTP/2.0\r\n\r\nSMx"])
    func http1(bytes: String) {
        var guess = ProtocolGuess()
        #expect(guess.received(bytes.utf8) == .http1)
    }

    @Test("is not known before", arguments: ["", "P", "PR", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"])
    func undecided(bytes: String) {
        var guess = ProtocolGuess()
        #expect(guess.received(bytes.utf8) == .undecided)
    }
}
