// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Thresholds chosen by how long it is until a false alarm, when nothing is wrong.
///
/// Checks are taken for independent, as those of tumbling windows are; overlapping windows repeat each other, so that
/// false alarms then come no more often than asked for, in bursts.
package enum RunLength {
    /// The p-value below which to alarm, so that false alarms come every `expected` on the mean.
    ///
    /// - Parameters:
    ///   - expected: Mean time or number of samples between false alarms.
    ///   - interval: From check to check, in the same unit; above 0.
    ///   - comparisons: Signals that are checked together; Bonferroni's division, safe for any dependence.
    /// - Returns: Above 0, at most 1.
    package static func level(expected: Double, interval: Double, comparisons: Int = 1) -> Double {
        guard expected > 0, interval > 0 else { return 1 }
        return min(max(interval / expected / Double(max(comparisons, 1)), .leastNormalMagnitude), 1)
    }

    /// How many deviations a normal statistic must be off, on either side, to reach
    /// ``level(expected:interval:comparisons:)``.
    package static func threshold(expected: Double, interval: Double, comparisons: Int = 1) -> Double {
        -SpecialFunctions.normalQuantile(
            level(expected: expected, interval: interval, comparisons: comparisons) / 2)
    }

    /// The mean time between false alarms of a two-sided threshold in deviations.
    package static func expected(threshold: Double, interval: Double) -> Double {
        let level = 2 * SpecialFunctions.normalTail(abs(threshold))
        return level > 0 ? interval / level : .infinity
    }

    /// The mean number of samples until a two-sided ``CUSUM`` alarms falsely on standard normal numbers (Siegmund's
    /// approximation, within about 3 % for slack 0.5 and limits of 3 and more).
    package static func cusum(k slack: Double, h limit: Double) -> Double {
        let reach = limit + 1.166
        guard slack > 0 else { return reach * reach / 2 }
        return (exp(2 * slack * reach) - 2 * slack * reach - 1) / (2 * slack * slack) / 2
    }

    /// The limit of a two-sided ``CUSUM`` whose false alarms come every `expected` samples; the inverse of
    /// ``cusum(k:h:)``.
    package static func cusumLimit(k slack: Double, expected: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while cusum(k: slack, h: high) < expected, high < 1e6 { high *= 2 }
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if cusum(k: slack, h: middle) < expected { low = middle } else { high = middle }
        }
        return high
    }
}
