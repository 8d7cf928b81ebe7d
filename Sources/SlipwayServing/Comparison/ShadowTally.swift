// SPDX-License-Identifier: Apache-2.0

/// What came of an endpoint's shadow requests.
package struct ShadowTally: Hashable, Sendable {
    /// Answers that were compared: those that agreed and those that differed.
    package private(set) var compared = 0
    package private(set) var agreed = 0
    package private(set) var differed = 0
    /// The shadow gave no answer.
    package private(set) var failed = 0
    /// Not asked, because the shadow was too busy.
    package private(set) var dropped = 0
    package private(set) var largestDifference = 0.0
    /// Why an answer differed or was not given, the latest.
    package private(set) var lastReason: String?

    package init() {}

    /// Every outcome, named as in metrics.
    package var byOutcome: [(outcome: String, count: Int)] {
        [("agreed", agreed), ("differed", differed), ("failed", failed), ("dropped", dropped)]
    }

    package mutating func add(_ outcome: AnswerComparison.Outcome) {
        compared += 1
        largestDifference = max(largestDifference, outcome.largestDifference)
        if outcome.agrees {
            agreed += 1
        } else {
            differed += 1
            lastReason = outcome.reason
        }
    }

    package mutating func addFailure(_ reason: String) {
        failed += 1
        lastReason = reason
    }

    package mutating func addDropped() { dropped += 1 }
}
