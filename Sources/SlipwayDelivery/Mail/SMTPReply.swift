// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What an SMTP server answers: three digits, and lines of text.
package struct SMTPReply: Sendable, Hashable {
    package var code: Int
    package var lines: [String]

    package init(code: Int, lines: [String]) {
        self.code = code
        self.lines = lines
    }
}

/// Makes replies of bytes as they come, within bounds.
package struct SMTPReplyReader: Sendable {
    /// RFC 5321 allows 512; some servers write more.
    package static let longestLine = 4096
    package static let mostLines = 128

    private var line: [UInt8] = []
    private var lines: [String] = []
    private var code: Int?

    package init() {}

    /// Whether a reply has begun that is not over.
    package var isWithin: Bool { !line.isEmpty || !lines.isEmpty }

    /// - Returns: The replies that are complete now.
    /// - Throws: ``DeliveryError`` `invalidReply`.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(DeliveryError) -> [SMTPReply] {
        var replies: [SMTPReply] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                guard line.count < Self.longestLine else { throw Self.invalid("a line is too long") }
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let reply = try endLine() { replies.append(reply) }
            line = []
        }
        return replies
    }

    private mutating func endLine() throws(DeliveryError) -> SMTPReply? {
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), (200..<600).contains(number),
            code == nil || code == number
        else { throw Self.invalid("a line does not begin with a code") }
        guard lines.count < Self.mostLines else { throw Self.invalid("a reply has too many lines") }
        let mark = line.count > 3 ? line[3] : UInt8(ascii: " ")
        guard mark == UInt8(ascii: " ") || mark == UInt8(ascii: "-") else {
            throw Self.invalid("a code is followed by neither a space nor a hyphen")
        }
        lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
        code = number
        guard mark == UInt8(ascii: " ") else { return nil }
        let reply = SMTPReply(code: number, lines: lines)
        (code, lines) = (nil, [])
        return reply
    }

    static func invalid(_ what: String) -> DeliveryError {
        DeliveryError(
            .invalidReply, category: .unavailable,
            "the mail server's reply is not understood (\(what)): is it the "
                + "right port, and the right kind of TLS?")
    }
}
