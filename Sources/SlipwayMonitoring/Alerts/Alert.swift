// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A rule that holds for a signal.
package struct Alert: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable {
        /// The rule holds, not yet long enough.
        case pending
        case firing
        case resolved
    }

    package var rule: String
    package var severity: AlertRule.Severity
    package var key: SignalKey
    package var state: State
    package var startedAt: Timestamp
    package var firedAt: Timestamp?
    package var endedAt: Timestamp?
    package var reading: SignalReading
    package var threshold: Double
    /// One sentence: what moved, from what to what, how sure it is.
    package var summary: String
    package var isSilenced: Bool

    package init(
        rule: String, severity: AlertRule.Severity, key: SignalKey, state: State, startedAt: Timestamp,
        reading: SignalReading, threshold: Double, summary: String
    ) {
        self.rule = rule
        self.severity = severity
        self.key = key
        self.state = state
        self.startedAt = startedAt
        self.reading = reading
        self.threshold = threshold
        self.summary = summary
        isSilenced = false
    }

    /// The same for every reading of one rule and signal, over restarts: 16 hexadecimal digits.
    package var fingerprint: String { AlertFingerprint.of(rule: rule, key: key) }
}

/// Alerts that are told together: same endpoint, rule and severity.
package struct AlertNotice: Sendable, Hashable, Codable {
    package var endpoint: String
    package var rule: String
    package var severity: AlertRule.Severity
    package var alerts: [Alert]
    package var at: Timestamp

    package init(endpoint: String, rule: String, severity: AlertRule.Severity, alerts: [Alert], at: Timestamp) {
        self.endpoint = endpoint
        self.rule = rule
        self.severity = severity
        self.alerts = alerts
        self.at = at
    }
}

/// Where notices go: a webhook, Alertmanager, mail.
package protocol AlertReceiver: Sendable {
    var name: String { get }
    /// Delivers once, within `deadline`; thrown errors say by their category whether trying again may help
    /// (`unavailable`, `deadlineExceeded`) or not.
    func deliver(_ notice: AlertNotice, deadline: Duration) async throws
}
