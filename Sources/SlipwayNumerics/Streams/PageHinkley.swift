// SPDX-License-Identifier: Apache-2.0

/// The Page-Hinkley test: whether the mean of a stream goes up, against its own past.
///
/// Defaults and sums are those of river's first implementation (one side). They suit numbers in [0, 1], such as errors:
/// on even ones a false alarm comes every 6 million or so. On standard normal numbers it comes every 3,500 (both
/// simulated); the threshold goes with the square of the deviation. After a detection it starts anew.
package struct PageHinkley: Sendable, Hashable, Codable {
    package let minimum: Int
    package let delta: Double
    package let threshold: Double
    package let alpha: Double
    private var mean: Double
    private var sum: Double
    private var count: Int

    /// - Parameters:
    ///   - minimum: Numbers before the first detection.
    ///   - delta: Change that is tolerated.
    ///   - threshold: Sum that is a detection.
    ///   - alpha: Share of the sum that is kept from number to number.
    package init(minimum: Int = 30, delta: Double = 0.005, threshold: Double = 50, alpha: Double = 0.9999) {
        self.minimum = minimum
        self.delta = delta
        self.threshold = threshold
        self.alpha = alpha
        (mean, sum, count) = (0, 0, 0)
    }

    /// Adds one number; `true` when the sum reaches the threshold. Numbers that are not finite are left out.
    package mutating func add(_ x: Double) -> Bool {
        guard x.isFinite else { return false }
        count &+= 1
        mean += (x - mean) / Double(count)
        sum = max(0, alpha * sum + x - mean - delta)
        guard count + 1 >= minimum, sum >= threshold else { return false }
        (mean, sum, count) = (0, 0, 0)
        return true
    }
}
