// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
package import SlipwayMonitoring

/// What a mail client says to a server, reply by reply: RFC 5321, with STARTTLS of RFC 3207 and AUTH of RFC 4954.
///
/// Owns no connection: replies go in, and what is to be done comes out. Passwords are told under TLS only, unless the
/// server is on this machine.
package struct SMTPConversation: Sendable {
    package enum Action: Sendable {
        case send([UInt8])
        /// Begin TLS, then call ``tlsStarted()``.
        case startTLS
        /// The server took the message; this is the last word.
        case finish([UInt8])
        case fail(DeliveryError)
    }

    package struct Account: Sendable {
        let username: String
        let password: String

        package init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    private enum Step: Sendable {
        case greeting, hello, startTLS, helloAgain, plain, loginName, loginPassword, loginDone, sender
        case recipient(Int), data, body, over
    }

    private let message: MailMessage
    private let account: Account?
    private let wantsTLS: Bool
    private var isSecure: Bool
    private let isLocal: Bool
    private var step = Step.greeting
    private var accepted = 0
    private var refusal: DeliveryError?

    /// - Parameters:
    ///   - security: `implicit` says that TLS runs already.
    ///   - isLocal: Whether the server is on this machine.
    package init(message: MailMessage, account: Account?, security: MailSpec.Security, isLocal: Bool) {
        self.message = message
        self.account = account
        self.isLocal = isLocal
        wantsTLS = security == .startTLS
        isSecure = security == .implicit
    }

    package mutating func tlsStarted() -> Action {
        isSecure = true
        step = .helloAgain
        return command(hello)
    }

    package mutating func received(_ reply: SMTPReply) -> Action {
        switch step {
        case .greeting:
            guard reply.code == 220 else { return refuse(reply, "the greeting") }
            step = .hello
            return command(hello)
        case .hello, .helloAgain:
            guard reply.code == 250 else { return refuse(reply, "EHLO") }
            return greeted(reply)
        case .startTLS:
            guard reply.code == 220 else { return refuse(reply, "STARTTLS") }
            return .startTLS
        case .plain, .loginDone:
            guard reply.code == 235 else { return refuse(reply, "the account", denied: true) }
            return begin()
        case .loginName, .loginPassword: return login(reply)
        case .sender:
            guard reply.code == 250 else { return refuse(reply, "the sender") }
            step = .recipient(0)
            return command("RCPT TO:<\(message.to[0])>")
        case .recipient(let index): return recipient(index, reply)
        case .data:
            guard reply.code == 354 else { return refuse(reply, "DATA") }
            step = .body
            return .send(Self.stuffed(message.encode()))
        case .body:
            guard reply.code == 250 else { return refuse(reply, "the message") }
            step = .over
            return .finish(Array("QUIT\r\n".utf8))
        case .over:
            return .fail(SMTPReplyReader.invalid("it goes on after the end"))
        }
    }

    // MARK: Steps

    /// The client's own name is told to nobody: servers ask for a form only.
    private var hello: String { "EHLO [127.0.0.1]" }

    private mutating func greeted(_ reply: SMTPReply) -> Action {
        let words = reply.lines.dropFirst().map { $0.uppercased().split(separator: " ").map(String.init) }
        if wantsTLS, !isSecure {
            guard words.contains(["STARTTLS"]) else {
                return .fail(
                    DeliveryError(
                        .refused, category: .unsupported,
                        "the mail server offers no STARTTLS: nothing is sent in the clear; see 'tls' of the receiver"))
            }
            step = .startTLS
            return command("STARTTLS")
        }
        guard let account else { return begin() }
        guard isSecure || isLocal else {
            return .fail(.settings("a password is not sent without TLS: set 'tls' of the receiver"))
        }
        let ways = words.first { $0.first == "AUTH" }?.dropFirst() ?? []
        if ways.contains("PLAIN") {
            step = .plain
            let text = "\0\(account.username)\0\(account.password)"
            return command("AUTH PLAIN " + Self.base64(text))
        }
        guard ways.contains("LOGIN") else {
            return .fail(
                DeliveryError(
                    .refused, category: .unsupported, "the mail server offers neither AUTH PLAIN nor AUTH LOGIN"))
        }
        step = .loginName
        return command("AUTH LOGIN")
    }

    private mutating func login(_ reply: SMTPReply) -> Action {
        guard reply.code == 334, let account else { return refuse(reply, "the account", denied: true) }
        if case .loginName = step {
            step = .loginPassword
            return command(Self.base64(account.username))
        }
        step = .loginDone
        return command(Self.base64(account.password))
    }

    private mutating func begin() -> Action {
        guard !message.to.isEmpty else { return .fail(.settings("the receiver has no address to send to")) }
        step = .sender
        return command("MAIL FROM:<\(message.from)>")
    }

    /// One address that is refused does not keep the message from the others.
    private mutating func recipient(_ index: Int, _ reply: SMTPReply) -> Action {
        if reply.code == 250 || reply.code == 251 || reply.code == 252 {
            accepted += 1
        } else if refusal == nil {
            refusal = Self.error(reply, "the recipient")
        }
        guard index + 1 < message.to.count else {
            guard accepted > 0 else { return .fail(refusal ?? Self.error(reply, "the recipient")) }
            step = .data
            return command("DATA")
        }
        step = .recipient(index + 1)
        return command("RCPT TO:<\(message.to[index + 1])>")
    }

    // MARK: Words

    private func command(_ text: String) -> Action { .send(Array((text + "\r\n").utf8)) }

    private mutating func refuse(_ reply: SMTPReply, _ what: String, denied: Bool = false) -> Action {
        step = .over
        return .fail(Self.error(reply, what, denied: denied))
    }

    /// Codes of 4xx are of the moment, those of 5xx for good.
    private static func error(_ reply: SMTPReply, _ what: String, denied: Bool = false) -> DeliveryError {
        let category: ErrorCategory =
            (400..<500).contains(reply.code) ? .unavailable : denied ? .unauthenticated : .invalidInput
        return DeliveryError(.refused, category: category, "the mail server refused \(what) with \(reply.code)")
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// A message as DATA takes it: every line ends with CRLF, a dot in front of lines that begin with one, and a dot
    /// alone at the end (RFC 5321, section 4.5.2).
    package static func stuffed(_ message: [UInt8]) -> [UInt8] {
        let (cr, lf, dot) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: "."))
        var result: [UInt8] = []
        result.reserveCapacity(message.count + 8)
        var isStart = true
        for (index, byte) in message.enumerated() {
            // A lone CR or LF ends a line for some servers and not for others.
            if byte == cr, index + 1 < message.count, message[index + 1] == lf { continue }
            if byte == lf || byte == cr {
                result += [cr, lf]
                isStart = true
                continue
            }
            if isStart, byte == dot { result.append(dot) }
            result.append(byte)
            isStart = false
        }
        if !isStart { result += [cr, lf] }
        return result + [dot, cr, lf]
    }
}
