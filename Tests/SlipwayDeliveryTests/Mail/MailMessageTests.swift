// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Testing

@Suite("Mail messages")
struct MailMessageTests {
    private func message(subject: String = "s", text: String = "t") throws -> MailMessage {
        MailMessage(
            from: try MailAddress("a@example.com"), to: [try MailAddress("b@example.com")], subject: subject,
            text: text, at: Notices.at, id: "0123.4")
    }

    @Test("a message has the headers of RFC 5322 and a body that decodes to its text")
    func whole() throws {
        let text = String(decoding: try message(subject: "hello", text: "é\nline").encode(), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(
            parts.first
                == "From: a@example.com\r\nTo: b@example.com\r\nSubject: hello\r\n"
                + "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <0123.4@example.com>\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
                + "Auto-Submitted: auto-generated")
        let body = parts.last?.split(separator: "\r\n").joined() ?? ""
        #expect(Data(base64Encoded: body).map { String(decoding: $0, as: UTF8.self) } == "é\r\nline")
    }

    @Test(
        "no subject adds a header or ends the headers",
        arguments: [
            "x\r\nBcc: c@example.com", "x\nBcc: c@example.com", "x\r\n\r\nbody", "x\rBcc: y", "\u{2028}x", "\0",
            "=?utf-8?B?DQpCY2M6?=", String(repeating: "é", count: 500), "",
        ])
    func injection(subject: String) throws {
        let plain = try message().encode()
        let text = String(decoding: try message(subject: subject).encode(), as: UTF8.self)
        let lines = text.components(separatedBy: "\r\n")
        let names = lines.prefix { !$0.isEmpty }.filter { !$0.hasPrefix(" ") }.compactMap {
            $0.split(separator: ":").first
        }
        let expected = String(decoding: plain, as: UTF8.self).components(separatedBy: "\r\n").prefix { !$0.isEmpty }
            .compactMap { $0.split(separator: ":").first }
        #expect(names == expected)
        #expect(lines.allSatisfy { $0.utf8.count <= 998 && !$0.utf8.contains(0) })
        #expect(!text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" })
    }

    @Test(
        "addresses that could be more than an address are refused",
        arguments: [
            "", "a", "@example.com", "a@", "a@b@c", "a b@example.com", "a@example.com\r\nRCPT TO:<x@y>",
            "<a@example.com>", "\"a\"@example.com", "a@exa mple.com", ".a@example.com", "a..b@example.com",
            "é@example.com", "a@-example.com", String(repeating: "a", count: 65) + "@example.com",
        ])
    func addresses(text: String) {
        #expect(throws: DeliveryError.self) { try MailAddress(text) }
    }

    @Test(
        "ordinary addresses are taken", arguments: ["a@example.com", "on.call+ml@mail.example.co.uk", "root@localhost"])
    func goodAddresses(text: String) throws {
        #expect(try MailAddress(text).description == text)
    }

    @Test(
        "lines that begin with a dot get another, every line ends with CRLF, and a dot alone ends it",
        arguments: [
            (".\r\n", "..\r\n.\r\n"), ("a\r\n.b\r\n", "a\r\n..b\r\n.\r\n"), ("a", "a\r\n.\r\n"), ("", ".\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"), ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"), ("..", "...\r\n.\r\n"),
            ("a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n"),
        ])
    func stuffing(text: String, expected: String) {
        #expect(String(decoding: SMTPConversation.stuffed(Array(text.utf8)), as: UTF8.self) == expected)
    }

    @Test("whatever the text is, nothing but the last line is a dot alone", arguments: 0..<20)
    func stuffedEnds(seed: Int) {
        var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        for _ in 0..<200 {
            var bytes: [UInt8] = []
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(Array(".\r\na".utf8)[Int(state >> 33) % 4])
            }
            let text = String(decoding: SMTPConversation.stuffed(bytes), as: UTF8.self)
            let lines = text.components(separatedBy: "\r\n")
            #expect(lines.suffix(2) == [".", ""] && !lines.dropLast(2).contains("."), "\(bytes)")
            #expect(!lines.joined().contains { $0 == "\r" || $0 == "\n" }, "\(bytes)")
        }
    }
}
