// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a guard comes to: something to do, or something to record.
package struct GuardAction: Sendable, Hashable {
    package var endpoint: String
    package var guardName: String
    package var action: GuardSpec.Action
    /// `acted` when it is to be done now; everything else is only to be recorded.
    package var outcome: GuardDecision.Outcome
    /// The version that the alerts are about; `nil` when they are of the endpoint as a whole.
    package var version: VersionID?
    /// For `fallback`: what is to serve.
    package var fallback: VersionID?
    /// For `page` and `retrain`: who is told; `nil` for all.
    package var receiver: String?
    package var evidence: [Alert]
    /// Why, in words.
    package var reason: String

    package var isDryRun: Bool { outcome == .dryRun }
    package var mustAct: Bool { outcome == .acted }
    /// When the first of the alerts began to hold.
    package var evidenceSince: Timestamp? { evidence.map(\.startedAt).min() }

    /// The record of it.
    ///
    /// - Parameters:
    ///   - text: What was done; `nil` for ``reason``.
    ///   - outcome: `failed` when what was to be done could not be; `nil` for ``outcome``.
    package func decision(
        at: Timestamp, replica: String, text: String? = nil, outcome: GuardDecision.Outcome? = nil
    ) -> GuardDecision {
        var decision = GuardDecision(
            endpoint: endpoint, guardName: guardName, action: action, at: at, version: version,
            outcome: outcome ?? self.outcome, text: text ?? reason, evidence: evidence, replica: replica)
        if let since = evidenceSince, decision.outcome == .acted {
            decision.delaySeconds = Double(max(0, at.milliseconds &- since.milliseconds)) / 1000
        }
        return decision
    }
}
