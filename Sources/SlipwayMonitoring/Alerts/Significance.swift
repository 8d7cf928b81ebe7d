// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// How probable readings are when nothing has changed.
enum Significance {
    /// Half a 95 % interval, in standard errors.
    private static let marginErrors = 1.959964
    /// A rate that was 0 in the reference need not be 0 for ever: it counts as one in a thousand.
    private static let leastReferenceShare = 0.001

    /// Of one reading against the reference; `nil` where it cannot be told.
    ///
    /// - Parameter lent: Of a test of the same column and window, for distances without one.
    static func against(
        reference reading: SignalReading, kind: SignalKind, comparison: AlertRule.Comparison, lent: Double?
    ) -> Double? {
        if let pValue = reading.pValue ?? lent {
            guard !pValue.isNaN else { return nil }
            let told = min(max(pValue, 0), 1)
            guard let reference = reading.reference, kind.traits.isTwoSided else { return told }
            // Rates and means are tested on both sides, and a rule is about one: chance is half of it there.
            let isMeant = comparison == .above ? reading.value > reference : reading.value < reference
            return isMeant ? told / 2 : 1
        }
        guard let reference = reading.reference, reading.samples > 0 else { return nil }
        if let margin = reading.margin, margin > 0 {
            return oneSided((reading.value - reference) / (margin / marginErrors), comparison)
        }
        guard kind.traits.isShare else { return nil }
        let share = min(max(reference, leastReferenceShare), 1 - leastReferenceShare)
        let error = (share * (1 - share) / Double(reading.samples)).squareRoot()
        return oneSided((reading.value - share) / error, comparison)
    }

    /// Of the difference between a version and the primary; `nil` where there is no test.
    ///
    /// Shares by the pooled test of two proportions, everything else by its margins.
    static func ofDifference(
        _ reading: SignalReading, primary: SignalReading, kind: SignalKind, comparison: AlertRule.Comparison
    ) -> Double? {
        guard reading.samples > 0, primary.samples > 0 else { return nil }
        let difference = reading.value - primary.value
        if kind.traits.isShare {
            let (n, m) = (Double(reading.samples), Double(primary.samples))
            let pooled = (reading.value * n + primary.value * m) / (n + m)
            let error = (pooled * (1 - pooled) * (1 / n + 1 / m)).squareRoot()
            guard error > 0 else { return 1 }
            return oneSided(difference / error, comparison)
        }
        guard let one = reading.margin, let other = primary.margin, one > 0 || other > 0 else { return nil }
        return oneSided(difference / ((one * one + other * other).squareRoot() / marginErrors), comparison)
    }

    private static func oneSided(_ z: Double, _ comparison: AlertRule.Comparison) -> Double? {
        guard !z.isNaN else { return nil }
        return SpecialFunctions.normalCDF(comparison == .above ? -z : z)
    }
}
