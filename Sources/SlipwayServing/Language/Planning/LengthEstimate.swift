// SPDX-License-Identifier: Apache-2.0

/// How many tokens a generation will have, learned from those that ended.
package struct LengthEstimate: Sendable, Equatable {
    /// Before anything ended.
    private static let first = 128.0
    private static let leastReserved = 32
    /// A generation beyond the estimate keeps so many cells in reserve.
    private static let leastAhead = 16
    /// What a new length counts in the average.
    private static let share = 0.1

    private var mean = Self.first
    private var deviation = 0.0

    package init() {}

    package mutating func observe(_ length: Int) {
        let error = Double(length) - mean
        mean += Self.share * error
        deviation += Self.share * (abs(error) - deviation)
    }

    /// Cells to be kept for what is still to come.
    package func reserve(generated: Int, maximum: Int) -> Int {
        let expected = max(Self.leastReserved, Int(mean + deviation))
        let ahead = max(expected - generated, Self.leastAhead)
        return max(0, min(ahead, maximum - generated))
    }
}
