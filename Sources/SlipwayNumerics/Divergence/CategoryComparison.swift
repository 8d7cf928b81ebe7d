// SPDX-License-Identifier: Apache-2.0

/// How a categorical column differs from its reference; categories are compared by name.
package struct CategoryComparison: Sendable {
    /// The union of both sides, ascending.
    package let categories: [String]
    /// Counts in the order of ``categories``.
    package let reference: [Double]
    package let current: [Double]
    private let p: [Double]
    private let q: [Double]

    /// - Parameters: Counts by category; negative ones are taken for 0.
    package init(reference: [String: Int], current: [String: Int]) {
        let names = Set(reference.keys).union(current.keys).sorted()
        categories = names
        self.reference = names.map { Double(max(reference[$0] ?? 0, 0)) }
        self.current = names.map { Double(max(current[$0] ?? 0, 0)) }
        p = Divergence.shares(self.reference)
        q = Divergence.shares(self.current)
    }

    /// Shares below `floor` are raised to it, on both sides.
    package func psi(floor: Double = 1e-4) -> Double { Divergence.psi(p, q, floor: floor) }
    package func jensenShannon(base2: Bool = true) -> Double {
        Divergence.jensenShannon(p, q, base: base2 ? 2 : Divergence.naturalBase)
    }
    package var hellinger: Double { Divergence.hellinger(p, q) }
    package var totalVariation: Double { Divergence.totalVariation(p, q) }
    package var lInfinity: Double { Divergence.lInfinity(p, q) }

    /// Pearson's test of the 2 x K table of counts, without correction of continuity.
    package var chiSquare: TestResult { HypothesisTests.chiSquareContingency([reference, current]) }

    /// `sqrt(chi2 / n)` of the same table, not corrected for bias: 0 to 1.
    package var cramersV: Double {
        let count = reference.reduce(0, +) + current.reduce(0, +)
        return count > 0 ? (chiSquare.statistic / count).squareRoot() : 0
    }

    /// Categories of the current side that the reference does not have, by count, most first.
    package var unseen: [(category: String, count: Double)] {
        categories.indices.filter { reference[$0] == 0 && current[$0] > 0 }
            .map { (categories[$0], current[$0]) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }
}

extension Divergence {
    /// The base of natural logarithms.
    static let naturalBase = 2.718281828459045
}
