// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A rule that holds, or held, for a signal.
package struct AlertDTO: Sendable, Hashable, Codable {
    /// The same for every alert of one rule and signal: 16 hexadecimal digits.
    package var fingerprint: String
    package var endpoint: String
    package var rule: String
    package var severity: AlertRule.Severity
    /// `pending`, `firing` or `resolved`.
    package var state: String
    package var startedAt: Timestamp
    package var firedAt: Timestamp?
    package var endedAt: Timestamp?
    package var threshold: Double?
    package var reading: ReadingDTO
    /// One sentence: what moved, from what to what, how sure it is.
    package var summary: String
    package var isSilenced: Bool

    package init(
        fingerprint: String, endpoint: String, rule: String, severity: AlertRule.Severity, state: String,
        startedAt: Timestamp, reading: ReadingDTO, summary: String
    ) {
        self.fingerprint = fingerprint
        self.endpoint = endpoint
        self.rule = rule
        self.severity = severity
        self.state = state
        self.startedAt = startedAt
        self.reading = reading
        self.summary = summary
        isSilenced = false
    }
}

/// Which alerts are asked for.
package struct AlertFilter: Sendable, Hashable {
    package static let maximumLimit = 1000

    package var endpoint: String?
    /// `pending`, `firing` or `resolved`; `nil` for all.
    package var state: String?
    /// The newest so many; `nil` for 100.
    package var limit: Int?

    package init(endpoint: String? = nil, state: String? = nil, limit: Int? = nil) {
        self.endpoint = endpoint
        self.state = state
        self.limit = limit
    }
}

/// What a guard decided, with its evidence.
package struct GuardDecisionDTO: Sendable, Hashable, Codable {
    package var endpoint: String
    package var guardName: String
    package var action: GuardSpec.Action
    package var at: Timestamp
    package var version: VersionID?
    /// `acted`, `dryRun`, `coolingDown`, `nothingToDo` or `failed`.
    package var outcome: String
    /// What was done, or why nothing was.
    package var text: String
    package var evidence: [AlertDTO]
    package var replica: String
    /// From the first reading that held to the change of desired state.
    package var delaySeconds: Double?

    package init(
        endpoint: String, guardName: String, action: GuardSpec.Action, at: Timestamp, version: VersionID?,
        outcome: String, text: String, evidence: [AlertDTO], replica: String
    ) {
        self.endpoint = endpoint
        self.guardName = guardName
        self.action = action
        self.at = at
        self.version = version
        self.outcome = outcome
        self.text = text
        self.evidence = evidence
        self.replica = replica
    }
}

/// Alerts that are not told for a while.
package struct SilenceDTO: Sendable, Hashable, Codable {
    package var id: String
    package var endpoint: String?
    package var rule: String?
    package var subject: String?
    package var until: Timestamp
    package var reason: String

    package init(id: String, endpoint: String?, rule: String?, subject: String?, until: Timestamp, reason: String) {
        self.id = id
        self.endpoint = endpoint
        self.rule = rule
        self.subject = subject
        self.until = until
        self.reason = reason
    }
}

/// A silence to make; what is left out matches everything.
package struct SilenceRequest: Sendable, Hashable, Codable {
    package var endpoint: String?
    package var rule: String?
    package var subject: String?
    /// How long, from now on: 1 second to a year.
    package var seconds: Double
    package var reason: String?

    package init(
        endpoint: String? = nil, rule: String? = nil, subject: String? = nil, seconds: Double, reason: String? = nil
    ) {
        self.endpoint = endpoint
        self.rule = rule
        self.subject = subject
        self.seconds = seconds
        self.reason = reason
    }
}
