// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayNumerics

/// The level of a test that is repeated without end, chosen by the mean time between false alarms.
///
/// A mean over a sliding window of `w` seconds is a process whose autocorrelation falls linearly to 0 at `w`. Such a
/// process goes above a high level `u` about `u² Q(u) / w` times a second (Pickands' theorem with exponent 1, `Q` the
/// upper tail of the normal distribution), however often one looks. For a test on both sides `2 Q(u)` is the p-value,
/// so a run of `t` seconds follows from `p u(p)² = w / t`.
package enum RunLengthLevel {
    /// Below this the approximation is none; it is a level of about 0.13.
    private static let lowest = 1.5

    /// The p-value below which a test fires so that false alarms are `expectedRunSeconds` apart in the mean.
    ///
    /// - Parameter windowSeconds: Of the sliding window that every p-value is computed of.
    package static func level(expectedRunSeconds: Double, windowSeconds: Double) -> Double {
        let wanted = max(windowSeconds, 1e-3) / max(expectedRunSeconds, 1e-3)
        var (low, high) = (lowest, 37.0)
        guard rate(low) > wanted else { return tail(low) }
        // 60 halvings of an interval of 36 are finer than a Double near 5.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if rate(middle) > wanted { low = middle } else { high = middle }
        }
        return tail(high)
    }

    private static func rate(_ level: Double) -> Double { level * level * tail(level) }

    /// Both tails beyond ± `level`.
    private static func tail(_ level: Double) -> Double { 2 * SpecialFunctions.normalCDF(-level) }
}
