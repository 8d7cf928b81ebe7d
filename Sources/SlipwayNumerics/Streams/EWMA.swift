// SPDX-License-Identifier: Apache-2.0

/// An exponentially weighted moving average with control limits (Roberts 1959), for numbers standardised to mean 0 and
/// deviation 1 when all is well.
///
/// With the defaults, weight 0.2 and limits of 2.7 deviations, a false alarm comes every 231 independent normal numbers
/// on the mean, and a shift by one deviation from the start is seen after 7.8 (simulated, 1 % exact). After a detection
/// it starts anew.
package struct EWMA: Sendable, Hashable, Codable {
    package let lambda: Double
    package let width: Double
    /// The average; 0 when all is well.
    package private(set) var value: Double
    /// `(1 - lambda)^(2 n)`, by which the limits open.
    private var memory: Double

    /// - Parameters:
    ///   - lambda: Weight of the newest number, above 0 and at most 1.
    ///   - width: Limits in deviations of the average.
    package init(lambda: Double = 0.2, width: Double = 2.7) {
        self.lambda = min(max(lambda, 1e-6), 1)
        self.width = width
        (value, memory) = (0, 1)
    }

    /// Adds one number; `true` when the average leaves its limits. Numbers that are not finite are left out.
    package mutating func add(_ x: Double) -> Bool {
        guard x.isFinite else { return false }
        value += lambda * (x - value)
        memory *= (1 - lambda) * (1 - lambda)
        guard abs(value) > limit else { return false }
        (value, memory) = (0, 1)
        return true
    }

    /// What the average must not exceed now.
    package var limit: Double { width * (lambda / (2 - lambda) * (1 - memory)).squareRoot() }
}
