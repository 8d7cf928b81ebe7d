// SPDX-License-Identifier: Apache-2.0

extension HypothesisTests {
    /// How the probability of a Kolmogorov-Smirnov statistic is computed.
    package enum Distribution: Sendable {
        /// By counting paths; for samples of any size, in `O(n m)` time.
        case exact
        /// ``kolmogorovLimit(_:_:_:)``, which takes the samples for large.
        case asymptotic
        /// Exact up to `n m` of ten million, else the limit.
        case automatic
    }

    /// The two-sided two-sample Kolmogorov-Smirnov test, `ks_2samp`. NaN is left out.
    package static func kolmogorovSmirnov(
        _ first: [Double], _ second: [Double], distribution: Distribution = .automatic
    ) -> TestResult {
        let a = first.filter { $0 == $0 }.sorted()
        let b = second.filter { $0 == $0 }.sorted()
        guard !a.isEmpty, !b.isEmpty else { return TestResult(statistic: 0, pValue: 1) }
        let gap = largestGap(a, b)
        let (n, m) = (Double(a.count), Double(b.count))
        let statistic = Double(gap) / (n * m)
        let isExact =
            switch distribution {
            case .exact: true
            case .asymptotic: false
            case .automatic: n * m <= 1e7
            }
        let p =
            isExact
            ? exactTail(a.count, b.count, gap: gap) : kolmogorovLimit(statistic, n, m)
        return TestResult(statistic: statistic, pValue: min(max(p, 0), 1))
    }

    /// The probability of a larger two-sample statistic for large samples: Kolmogorov's limit with the correction of
    /// Stephens (1970); within 15 % of the exact value from about 40 numbers on each side.
    package static func kolmogorovLimit(_ statistic: Double, _ n: Double, _ m: Double) -> Double {
        guard n > 0, m > 0 else { return 1 }
        let root = (n / (n + m) * m).squareRoot()
        return SpecialFunctions.kolmogorovQ((root + 0.12 + 0.11 / root) * statistic)
    }

    /// `n m` times the statistic, a whole number.
    private static func largestGap(_ a: [Double], _ b: [Double]) -> Int {
        var (i, j, gap) = (0, 0, 0)
        while i < a.count || j < b.count {
            let next = i < a.count && (j >= b.count || a[i] <= b[j]) ? a[i] : b[j]
            while i < a.count, a[i] == next { i += 1 }
            while j < b.count, b[j] == next { j += 1 }
            gap = max(gap, abs(i * b.count - j * a.count))
        }
        return gap
    }

    /// The share of the lattice paths from (0, 0) to (n, m) that somewhere are `gap` or more off the diagonal.
    ///
    /// One row of the number of paths that stay inside is kept as a share of all paths, by which nothing overflows:
    /// at (i, j) a uniform random path came from the left with probability `i / (i + j)`.
    private static func exactTail(_ n: Int, _ m: Int, gap: Int) -> Double {
        guard gap > 0 else { return 1 }
        // The share of paths through a point that have been outside before, summed directly: small p stay exact.
        var outside = [Double](repeating: 0, count: m + 1)
        for i in 0...n {
            for j in 0...m {
                if abs(i * m - j * n) >= gap {
                    outside[j] = 1
                } else if i == 0 || j == 0 {
                    outside[j] = i == 0 ? (j == 0 ? 0 : outside[j - 1]) : outside[0]
                } else {
                    let total = Double(i + j)
                    outside[j] = outside[j] * (Double(i) / total) + outside[j - 1] * (Double(j) / total)
                }
            }
        }
        return outside[m]
    }
}
