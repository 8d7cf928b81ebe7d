// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Testing

@Suite("Talking with mail servers")
struct SMTPConversationTests {
    private func conversation(
        _ security: MailSpec.Security = .none, password: String? = nil, to: [String] = ["b@example.com"],
        isLocal: Bool = false
    ) throws -> SMTPConversation {
        let message = MailMessage(
            from: try MailAddress("a@example.com"), to: try to.map { try MailAddress($0) }, subject: "s", text: "t",
            at: Notices.at, id: "1")
        return SMTPConversation(
            message: message, account: password.map { .init(username: "me", password: $0) }, security: security,
            isLocal: isLocal)
    }

    /// What the client says to these replies: lines, `TLS`, `END`, or the category of a failure.
    private func talk(_ conversation: SMTPConversation, _ replies: [String]) throws -> [String] {
        var conversation = conversation
        var said: [String] = []
        for text in replies {
            var reader = SMTPReplyReader()
            for reply in try reader.read(Array(text.utf8)) {
                var action = conversation.received(reply)
                if case .startTLS = action {
                    said.append("TLS")
                    action = conversation.tlsStarted()
                }
                switch action {
                case .send(let bytes):
                    said.append(String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\r\n" }))
                case .finish: said.append("END")
                case .fail(let error): said.append("\(error.category)")
                case .startTLS: said.append("TLS again")
                }
            }
        }
        return said
    }

    private let hello = "EHLO [127.0.0.1]"

    @Test("a message is sent step by step")
    func plain() throws {
        let said = try talk(
            try conversation(),
            ["220 hi\r\n", "250-host\r\n250 SIZE\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"])
        #expect(
            said == [
                hello, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", "From: a@example.com", "END",
            ])
    }

    @Test("STARTTLS comes before everything else, and EHLO is said again")
    func startTLS() throws {
        let said = try talk(
            try conversation(.startTLS, password: "pw"),
            [
                "220 hi\r\n", "250-h\r\n250 STARTTLS\r\n", "220 go\r\n", "250-h\r\n250 AUTH LOGIN PLAIN\r\n",
                "235 ok\r\n",
            ])
        // "\0me\0pw" in base64.
        #expect(said == [hello, "STARTTLS", "TLS", hello, "AUTH PLAIN AG1lAHB3", "MAIL FROM:<a@example.com>"])
    }

    @Test("AUTH LOGIN tells name and password one after the other")
    func login() throws {
        let said = try talk(
            try conversation(.implicit, password: "pw"),
            ["220 hi\r\n", "250-h\r\n250 AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"])
        #expect(said == [hello, "AUTH LOGIN", "bWU=", "cHc=", "MAIL FROM:<a@example.com>"])
    }

    @Test("a server without STARTTLS gets nothing in the clear")
    func noTLS() throws {
        let said = try talk(try conversation(.startTLS, password: "pw"), ["220 hi\r\n", "250 host\r\n"])
        #expect(said == [hello, "unsupported"])
    }

    @Test("a password is told without TLS on this machine only", arguments: [true, false])
    func password(isLocal: Bool) throws {
        let said = try talk(
            try conversation(password: "pw", isLocal: isLocal), ["220 hi\r\n", "250-h\r\n250 AUTH PLAIN\r\n"])
        #expect(said == [hello, isLocal ? "AUTH PLAIN AG1lAHB3" : "invalidInput"])
    }

    @Test(
        "a refusal says whether trying again may help",
        arguments: [("421 later", "unavailable"), ("554 no", "invalidInput"), ("250 what", "invalidInput")])
    func greeting(reply: String, category: String) throws {
        #expect(try talk(try conversation(), [reply + "\r\n"]) == [category])
    }

    @Test("a wrong password is not tried again")
    func denied() throws {
        let said = try talk(
            try conversation(.implicit, password: "pw"), ["220 hi\r\n", "250-h\r\n250 AUTH PLAIN\r\n", "535 no\r\n"])
        #expect(said.last == "unauthenticated")
    }

    @Test("an address that is refused does not keep the message from the others")
    func recipients() throws {
        let two = ["b@example.com", "c@example.com"]
        let start = ["220 hi\r\n", "250 h\r\n", "250 ok\r\n"]
        let some = try talk(try conversation(to: two), start + ["550 no\r\n", "250 ok\r\n"])
        #expect(some.last == "DATA")
        let none = try talk(try conversation(to: two), start + ["450 later\r\n", "550 no\r\n"])
        #expect(none.last == "unavailable")
    }

    @Test(
        "replies that are none are refused",
        arguments: ["hi\r\n", "2x0 a\r\n", "250-a\r\n251 b\r\n", "250_a\r\n", "999 a\r\n", "\r\n"])
    func replies(text: String) {
        var reader = SMTPReplyReader()
        #expect(throws: DeliveryError.self) { try reader.read(Array(text.utf8)) }
    }

    @Test("replies are the same however their bytes come, and bounded")
    func reader() throws {
        var reader = SMTPReplyReader()
        var replies: [SMTPReply] = []
        for byte in "250-one\r\n250 two\n220\r\n".utf8 { replies += try reader.read([byte]) }
        #expect(replies == [SMTPReply(code: 250, lines: ["one", "two"]), SMTPReply(code: 220, lines: [""])])
        #expect(!reader.isWithin)
        #expect(throws: DeliveryError.self) {
            try reader.read(Array(repeating: UInt8(ascii: "2"), count: SMTPReplyReader.longestLine + 1))
        }
        var other = SMTPReplyReader()
        #expect(throws: DeliveryError.self) {
            for _ in 0...SMTPReplyReader.mostLines { _ = try other.read(Array("250-a\r\n".utf8)) }
        }
    }
}
