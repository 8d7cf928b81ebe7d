// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Somewhere that notices go to, as `monitoring.yaml` names it.
package struct ReceiverSpec: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An Alertmanager of Prometheus, API v2.
        case alertmanager
        /// Any HTTP server: JSON, signed.
        case webhook
        /// Slack, or what takes the same JSON, such as Mattermost.
        case slack
        case mail
        /// What trains models: called by guards, with the address of the labelled export.
        case retrain
    }

    package var name: String
    package var kind: Kind
    /// Where to post; of an Alertmanager the address without `/api/v2/alerts`.
    package var url: SecretSource?
    /// Key of signatures, or password of a mail account.
    package var secret: SecretSource?
    /// Sent as `Authorization: Bearer`.
    package var token: SecretSource?
    package var mail: MailSpec?
    /// Notices below it are not delivered.
    package var minimumSeverity: AlertRule.Severity
    /// Of one attempt; in seconds.
    package var deadlineSeconds: Double

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
        minimumSeverity = .info
        deadlineSeconds = 10
    }
}

/// Where a value is that may be secret.
package enum SecretSource: Sendable, Hashable {
    /// Written in the file itself; for addresses, not for secrets.
    case plain(String)
    /// The name of an environment variable.
    case environment(String)
    /// The path of a file; white space at its end is left out.
    case file(String)
}

/// How mail is sent.
package struct MailSpec: Sendable, Hashable {
    package enum Security: String, Sendable, Hashable, CaseIterable {
        /// Begins in the clear and must go over to TLS before anything is told.
        case startTLS = "starttls"
        /// TLS from the first byte.
        case implicit
        /// In the clear; for a server on the same machine.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    package var from: String
    package var to: [String]
    /// `nil` to send without an account.
    package var username: String?

    package init(host: String, port: Int, security: Security, from: String, to: [String]) {
        self.host = host
        self.port = port
        self.security = security
        self.from = from
        self.to = to
    }
}

extension AlertRule.Severity {
    /// Whether it is at least as severe as `other`.
    package func isAtLeast(_ other: Self) -> Bool { rank >= other.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
