// SPDX-License-Identifier: Apache-2.0

/// Count, mean and variance of a stream, by Welford's recurrence, which does not cancel; merges by Chan's formula.
package struct Welford: Sendable, Hashable, Codable {
    package private(set) var count: Int
    /// 0 when empty.
    package private(set) var mean: Double
    /// Sum of squared distances from the mean.
    package private(set) var squares: Double

    package init() {
        count = 0
        mean = 0
        squares = 0
    }

    /// Sums made elsewhere; negative ones count as 0.
    package init(count: Int, mean: Double, squares: Double) {
        self.count = max(count, 0)
        self.mean = count > 0 ? mean : 0
        self.squares = count > 0 ? max(squares, 0) : 0
    }

    /// Counts one number; those that are not finite are left out.
    package mutating func add(_ x: Double) {
        guard x.isFinite else { return }
        count += 1
        let difference = x - mean
        mean += difference / Double(count)
        squares += difference * (x - mean)
    }

    package mutating func merge(_ other: Welford) {
        guard other.count > 0 else { return }
        let total = Double(count) + Double(other.count)
        let difference = other.mean - mean
        squares += other.squares + difference * difference * Double(count) / total * Double(other.count)
        mean += difference * Double(other.count) / total
        count &+= other.count
    }

    /// Of the numbers themselves (`ddof = 0`); 0 when empty.
    package var variance: Double { count > 0 ? squares / Double(count) : 0 }
    /// Estimated of what they are a sample of (`ddof = 1`); 0 below two numbers.
    package var sampleVariance: Double { count > 1 ? squares / Double(count - 1) : 0 }
    /// The square root of ``variance``.
    package var standardDeviation: Double { variance.squareRoot() }

    /// Half the width of a 95 % confidence interval of the mean, by the normal distribution; `nil` below 2 numbers.
    package var margin: Double? {
        count > 1 ? 1.959963984540054 * (sampleVariance / Double(count)).squareRoot() : nil
    }
}
