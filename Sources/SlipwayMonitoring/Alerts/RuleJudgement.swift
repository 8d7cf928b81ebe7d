// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a rule says of one reading.
struct RuleJudgement: Sendable {
    enum Verdict: Sendable, Hashable {
        case holds
        /// Not enough to fire, too much to end.
        case between
        case clear
    }

    var key: SignalKey
    var reading: SignalReading
    var verdict: Verdict
    /// The value it was compared with; `nil` where only chance decides.
    var limit: Double?
    /// The primary's value where that is the baseline.
    var primaryValue: Double?
    /// The end of what was usual where the past is the baseline.
    var pastEdge: Double?
    var pValue: Double?
    /// The p-value below which it counts.
    var level: Double?

    /// What the alert records as its threshold.
    var threshold: Double { limit ?? level ?? 0 }
}
