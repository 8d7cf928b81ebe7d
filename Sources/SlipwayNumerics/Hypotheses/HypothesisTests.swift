// SPDX-License-Identifier: Apache-2.0

/// Statistical tests by the names and conventions of `scipy.stats`.
package enum HypothesisTests {
    /// Pearson's test of independence of a table of counts, `chi2_contingency(correction=False)`.
    ///
    /// Rows and columns without counts are left out; with fewer than two of either left the p-value is 1.
    /// - Parameter table: Rows of equal length; shorter ones end with zeros.
    package static func chiSquareContingency(_ table: [[Double]]) -> TestResult {
        let rows = table.filter { $0.reduce(0, +) > 0 }
        let width = rows.map(\.count).max() ?? 0
        var columns = [Double](repeating: 0, count: width)
        for row in rows {
            for (index, count) in row.enumerated() { columns[index] += count }
        }
        let used = columns.filter { $0 > 0 }.count
        guard rows.count >= 2, used >= 2 else { return TestResult(statistic: 0, pValue: 1) }
        let total = columns.reduce(0, +)
        var statistic = 0.0
        for row in rows {
            let share = row.reduce(0, +) / total
            for (index, column) in columns.enumerated() where column > 0 {
                let expected = share * column
                let difference = (index < row.count ? row[index] : 0) - expected
                statistic += difference * difference / expected
            }
        }
        return chiSquare(statistic, degrees: (rows.count - 1) * (used - 1))
    }

    /// The two-sided z-test of two proportions with pooled variance; the statistic is z, of the first minus the second.
    package static func twoProportions(_ hits1: Double, of n1: Double, _ hits2: Double, of n2: Double) -> TestResult {
        guard n1 > 0, n2 > 0 else { return TestResult(statistic: 0, pValue: 1) }
        let pooled = (hits1 + hits2) / (n1 + n2)
        let variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
        guard variance > 0 else { return TestResult(statistic: 0, pValue: 1) }
        let z = (hits1 / n1 - hits2 / n2) / variance.squareRoot()
        return TestResult(statistic: z, pValue: min(2 * SpecialFunctions.normalTail(abs(z)), 1))
    }

    /// Welch's two-sided t-test of the means of two streams.
    package static func welch(_ a: Welford, _ b: Welford) -> TestResult {
        guard a.count > 1, b.count > 1 else { return TestResult(statistic: 0, pValue: 1) }
        let (va, vb) = (a.sampleVariance / Double(a.count), b.sampleVariance / Double(b.count))
        guard va + vb > 0 else {
            let isSame = a.mean == b.mean
            return TestResult(statistic: isSame ? 0 : .infinity, pValue: isSame ? 1 : 0)
        }
        let t = (a.mean - b.mean) / (va + vb).squareRoot()
        let degrees =
            (va + vb) * (va + vb) / (va * va / Double(a.count - 1) + vb * vb / Double(b.count - 1))
        let p = SpecialFunctions.studentTail(t, degrees: degrees)
        return TestResult(statistic: t, pValue: p, degreesOfFreedom: Int(degrees.rounded(.down)))
    }

    /// Which hypotheses to reject so that at most the share `q` of the rejected are false, expected
    /// (Benjamini and Hochberg 1995); in the order given. NaN is never rejected.
    package static func benjaminiHochberg(_ pValues: [Double], q: Double) -> [Bool] {
        let valid = pValues.filter { $0 == $0 }.sorted()
        let count = Double(valid.count)
        let last = valid.enumerated().last { $1 <= q * Double($0 + 1) / count }
        guard let last else { return pValues.map { _ in false } }
        return pValues.map { $0 <= last.element }
    }

    static func chiSquare(_ statistic: Double, degrees: Int) -> TestResult {
        guard degrees > 0 else { return TestResult(statistic: statistic, pValue: statistic > 0 ? 0 : 1) }
        let p = SpecialFunctions.regularizedGammaQ(Double(degrees) / 2, statistic / 2)
        return TestResult(statistic: statistic, pValue: p, degreesOfFreedom: degrees)
    }
}
