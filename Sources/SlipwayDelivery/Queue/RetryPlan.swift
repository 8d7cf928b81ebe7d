// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides whether and when a delivery that failed is tried again.
package struct RetryPlan: Sendable, Hashable {
    package enum Action: Sendable, Hashable {
        case retry(after: Duration)
        case giveUp
    }

    /// Before the second attempt; doubles with every further one.
    package var firstWait: Duration
    package var longestWait: Duration
    package var maximumAttempts: Int
    /// Since the notice was taken; an older one helps nobody.
    package var maximumAge: Duration

    package init(
        firstWait: Duration = .seconds(1), longestWait: Duration = .seconds(300), maximumAttempts: Int = 24,
        maximumAge: Duration = .seconds(3600)
    ) {
        self.firstWait = firstWait
        self.longestWait = longestWait
        self.maximumAttempts = maximumAttempts
        self.maximumAge = maximumAge
    }

    /// - Parameters:
    ///   - attempts: Those made so far, from 1.
    ///   - random: 0 to 1; spreads the waits of many over half of each, so that they do not come back together.
    package func next(attempts: Int, category: ErrorCategory, age: Duration, random: Double) -> Action {
        guard Self.mayHelp(category), attempts < maximumAttempts else { return .giveUp }
        let doublings = min(max(attempts - 1, 0), 30)
        let full = min(firstWait * (1 << doublings), longestWait)
        let wait = full * (0.5 + 0.5 * min(max(random, 0), 1))
        return age + wait > maximumAge ? .giveUp : .retry(after: wait)
    }

    private static func mayHelp(_ category: ErrorCategory) -> Bool {
        switch category {
        case .unavailable, .deadlineExceeded, .quotaExceeded, .outOfResources, .internal: true
        default: false
        }
    }
}
