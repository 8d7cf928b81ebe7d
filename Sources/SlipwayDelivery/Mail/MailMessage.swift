// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SlipwayCore

/// A plain text message of RFC 5322.
package struct MailMessage: Sendable {
    package var from: MailAddress
    package var to: [MailAddress]
    package var subject: String
    /// Lines end with `\n`.
    package var text: String
    package var at: Timestamp
    /// Left of the `@` of the Message-ID: letters, digits and dots.
    package var id: String

    package init(from: MailAddress, to: [MailAddress], subject: String, text: String, at: Timestamp, id: String) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.at = at
        self.id = id
    }

    /// Lines that end with CRLF; no line of the body is longer than 76 bytes. Whatever the subject and the text hold,
    /// they cannot begin a header or end the message.
    package func encode() -> [UInt8] {
        let host = from.description.split(separator: "@").last.map(String.init) ?? "localhost"
        let safeID = id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }
        let headers = [
            "From: \(from)", "To: " + to.map(\.description).joined(separator: ",\r\n "),
            "Subject: " + Self.header(subject), "Date: " + Self.date(at), "Message-ID: <\(safeID)@\(host)>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
            "Auto-Submitted: auto-generated",
        ]
        var lines = headers + [""]
        let body = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        lines += Self.wrapped(Data(body.utf8).base64EncodedString())
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// Encoded words of RFC 2047, each of at most 45 bytes of UTF-8 and on a line of its own, unless the text is plain
    /// and short.
    static func header(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && text.utf8.count <= 60
        if isPlain, !text.contains("=?") { return text }
        var words: [String] = []
        var part: [UInt8] = []
        for character in text.unicodeScalars.prefix(400) {
            let bytes = Array(String(Character(character)).utf8)
            if part.count + bytes.count > 45 {
                words.append(word(part))
                part = []
            }
            part += bytes
        }
        if !part.isEmpty || words.isEmpty { words.append(word(part)) }
        return words.joined(separator: "\r\n ")
    }

    private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Data(bytes).base64EncodedString())?=" }

    private static func wrapped(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 76).map { start in
            String(decoding: bytes[start..<min(start + 76, bytes.count)], as: UTF8.self)
        }
    }

    /// `Sat, 21 Nov 2026 12:00:00 +0000`.
    static func date(_ at: Timestamp) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 1970-01-01 was a Thursday.
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let iso = Array("\(at)".split(separator: "T"))
        let date = iso.first?.split(separator: "-").map(String.init) ?? []
        let days = at.milliseconds / 86_400_000
        guard iso.count == 2, date.count == 3, let month = Int(date[1]), months.indices.contains(month - 1), days >= 0
        else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        return "\(weekdays[Int(days % 7)]), \(date[2]) \(months[month - 1]) \(date[0]) \(iso[1].prefix(8)) +0000"
    }
}
