// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Sends notices as plain text by SMTP.
package struct MailReceiver: AlertReceiver {
    package let name: String
    private let spec: MailSpec
    private let from: MailAddress
    private let to: [MailAddress]
    private let account: SMTPConversation.Account?
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - password: For `spec.username`.
    ///   - now: What the Date header is taken from.
    /// - Throws: ``DeliveryError`` `invalidSettings`.
    package init(
        name: String, spec: MailSpec, password: String? = nil, now: @escaping @Sendable () -> Timestamp
    ) throws(DeliveryError) {
        self.name = name
        self.spec = spec
        self.now = now
        from = try MailAddress(spec.from)
        var to: [MailAddress] = []
        for address in spec.to { to.append(try MailAddress(address)) }
        guard (1...100).contains(to.count) else {
            throw .settings("it has \(to.count) addresses to send to, expected 1 to 100")
        }
        self.to = to
        guard !spec.host.isEmpty, (1...65_535).contains(spec.port) else {
            throw .settings("it has no server: write HOST:PORT")
        }
        guard let username = spec.username else {
            account = nil
            return
        }
        guard let password else { throw .settings("it has a username and no password") }
        guard !username.contains("\0"), !password.contains("\0") else {
            throw .settings("username and password must not contain a NUL")
        }
        guard spec.security != .none || Self.isLocal(spec.host) else {
            throw .settings("it would send its password in the clear: set tls to starttls or implicit")
        }
        account = SMTPConversation.Account(username: username, password: password)
    }

    package func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        let conversation = SMTPConversation(
            message: message(for: notice), account: account, security: spec.security,
            isLocal: Self.isLocal(spec.host))
        try await SMTPClient.send(conversation, to: spec, deadline: deadline)
    }

    func message(for notice: AlertNotice) -> MailMessage {
        let first =
            notice.alerts.first?.fingerprint
            ?? AlertFingerprint.of(
                rule: notice.rule, key: SignalKey(endpoint: notice.endpoint, version: nil, kind: .change))
        let text = ([NoticeText.title(notice), ""] + NoticeText.lines(notice) + ["", "at \(notice.at)"])
            .joined(separator: "\n")
        return MailMessage(
            from: from, to: to, subject: NoticeText.title(notice), text: text, at: now(),
            id: "\(first).\(notice.at.milliseconds)")
    }

    private static func isLocal(_ host: String) -> Bool { ["localhost", "127.0.0.1", "::1"].contains(host) }
}
