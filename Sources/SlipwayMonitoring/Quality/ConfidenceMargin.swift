// SPDX-License-Identifier: Apache-2.0

/// Half widths of 95 % confidence intervals.
enum ConfidenceMargin {
    /// The 97.5 % quantile of the standard normal distribution.
    static let normal = 1.959963984540054

    /// Of a share, by Wilson's interval: not 0 where the share is 0 or 1.
    static func share(_ p: Double, of count: Double) -> Double? {
        guard count > 0, p >= 0, p <= 1 else { return nil }
        let z = normal * normal
        return normal / (1 + z / count) * (p * (1 - p) / count + z / (4 * count * count)).squareRoot()
    }

    /// Of a ROC-AUC, by Hanley and McNeil (Radiology 143, 1982).
    static func area(_ area: Double, positives: Double, negatives: Double) -> Double? {
        guard positives > 0, negatives > 0 else { return nil }
        let first = area / (2 - area)
        let second = 2 * area * area / (1 + area)
        let variance =
            (area * (1 - area) + (positives - 1) * (first - area * area) + (negatives - 1) * (second - area * area))
            / (positives * negatives)
        return normal * max(variance, 0).squareRoot()
    }

    /// Of a mean of few numbers, by Student's distribution (its quantile by Fisher's expansion in 1/degrees).
    static func mean(sampleVariance: Double, count: Int) -> Double? {
        guard count > 1 else { return nil }
        let n = Double(count - 1)
        let z = normal
        let (z3, z5, z7) = (z * z * z, z * z * z * z * z, z * z * z * z * z * z * z)
        let quantile =
            z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
        return quantile * (sampleVariance / Double(count)).squareRoot()
    }
}
