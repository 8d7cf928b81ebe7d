// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a guard decided, with its evidence: kept for ever.
package struct GuardDecision: Sendable, Hashable, Codable {
    package enum Outcome: String, Sendable, Hashable, Codable {
        case acted, dryRun, coolingDown, nothingToDo, failed
    }

    package var endpoint: String
    package var guardName: String
    package var action: GuardSpec.Action
    package var at: Timestamp
    /// The version that the alerts are about.
    package var version: VersionID?
    package var outcome: Outcome
    /// What was done or why nothing was, in words: `revision 8: primary fraud:4 -> fraud:3`.
    package var text: String
    package var evidence: [Alert]
    /// The replica that decided.
    package var replica: String
    /// From the first reading that held to the change of desired state, in seconds.
    package var delaySeconds: Double?

    package init(
        endpoint: String, guardName: String, action: GuardSpec.Action, at: Timestamp, version: VersionID?,
        outcome: Outcome, text: String, evidence: [Alert], replica: String
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
