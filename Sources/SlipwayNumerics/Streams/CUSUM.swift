// SPDX-License-Identifier: Apache-2.0

/// Cumulative sums on both sides (Page 1954), for numbers standardised to mean 0 and deviation 1 when all is well.
///
/// With the defaults, slack 0.5 and limit 5 deviations, a false alarm comes every 465 independent normal numbers on the
/// mean, and a shift by one deviation from the start is seen after 10.4. After a detection it starts anew.
package struct CUSUM: Sendable, Hashable, Codable {
    /// Half the shift that it is made for.
    package let slack: Double
    package let limit: Double
    package private(set) var high: Double
    package private(set) var low: Double

    package init(k slack: Double = 0.5, h limit: Double = 5) {
        self.slack = slack
        self.limit = limit
        (high, low) = (0, 0)
    }

    /// Adds one number; `true` when a sum exceeds the limit. Numbers that are not finite are left out.
    package mutating func add(_ x: Double) -> Bool {
        guard x.isFinite else { return false }
        high = max(0, high + x - slack)
        low = max(0, low - x - slack)
        guard high > limit || low > limit else { return false }
        (high, low) = (0, 0)
        return true
    }
}
