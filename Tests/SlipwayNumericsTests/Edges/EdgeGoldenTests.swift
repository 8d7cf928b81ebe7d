// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Distances as the tools that name them give them")
struct EdgeGoldenTests {
    private struct Numbers: Decodable {
        var reference, current, sturges, unique, doane, deciles: [Double]
        var evidentlyPSI, evidentlyKL, evidentlyJS, evidentlyHellinger, base2JS: Double
        var nannymlJS, nannymlHellinger, decilePSI, wasserstein: Double
    }

    private struct Categories: Decodable {
        var reference, current: [String: Int]
        var evidentlyPSI, deepchecksPSI, naturalJS, base2JS, hellinger, totalVariation, lInfinity, cramersV: Double
        var chiSquare, evidentlyFit: [Double]
    }

    private struct File: Decodable {
        var numbers: Numbers
        var categories: Categories
    }

    /// Sums of some ten terms: a few units in the last place; the tools' own sums go in another order.
    private let exact = 1e-12

    private func compared(_ data: Numbers, _ edges: [Double]) -> EdgeComparison {
        var (reference, current) = (EdgeCounts(edges: edges), EdgeCounts(edges: edges))
        for x in data.reference { reference.add(x) }
        for x in data.current { current.add(x) }
        return EdgeComparison(reference: reference, current: current)
    }

    @Test("equals evidently on Sturges' bins")
    func evidently() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let comparison = compared(data, data.sturges)
        #expect(near(comparison.psi(floor: 1e-4), data.evidentlyPSI, exact))
        #expect(near(comparison.jensenShannon(base2: false), data.evidentlyJS, exact))
        #expect(near(comparison.jensenShannon(base2: true), data.base2JS, exact))
        // sqrt(1 - sum sqrt(pq)) of evidently loses half the digits of what is left near 1.
        #expect(near(compared(data, data.unique).hellinger, data.evidentlyHellinger, 1e-8))
    }

    @Test("equals evidently's Kullback-Leibler divergence, empty bins filled")
    func kullbackLeibler() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let comparison = compared(data, data.sturges)
        let (p, q) = comparison.shares
        let filled = [p, q].map { side in
            let raised = side.map { max($0, 1e-4) }
            // The outer bins are empty on both sides and are none of evidently's.
            let sum = raised.dropFirst().dropLast().reduce(0, +)
            return raised.dropFirst().dropLast().map { $0 / sum }
        }
        #expect(near(Divergence.kullbackLeibler(filled[0], filled[1]), data.evidentlyKL, exact))
    }

    @Test("equals nannyml on Doane's bins of the reference, left-over bin included")
    func nannyml() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let comparison = compared(data, data.doane)
        #expect(near(comparison.jensenShannon(base2: true), data.nannymlJS, exact))
        #expect(near(comparison.hellinger, data.nannymlHellinger, exact))
    }

    @Test("equals the scorecards' PSI on reference deciles")
    func deciles() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        #expect(near(compared(data, data.deciles).psi(floor: 1e-4), data.decilePSI, exact))
    }

    @Test("comes near scipy's Wasserstein distance, and bounds its KS")
    func scipy() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let comparison = compared(data, EdgeCounts.quantileEdges(of: data.reference.sorted()))
        // Edges are all 200 reference values: only the current side is taken for linear between them.
        #expect(near(comparison.wasserstein, data.wasserstein, 0.02))
        #expect(near(comparison.ks, 0.255, exact))
    }

    @Test("equals scipy, evidently, deepchecks and nannyml on categories")
    func categories() throws {
        let data = try Golden.load(File.self, "statistics").categories
        let comparison = CategoryComparison(reference: data.reference, current: data.current)
        #expect(comparison.categories == ["a", "b", "c", "d", "e"])
        #expect(near(comparison.psi(floor: 1e-4), data.evidentlyPSI, exact))
        #expect(near(comparison.psi(floor: 0.01), data.deepchecksPSI, exact))
        #expect(near(comparison.jensenShannon(base2: false), data.naturalJS, exact))
        #expect(near(comparison.jensenShannon(base2: true), data.base2JS, exact))
        #expect(near(comparison.hellinger, data.hellinger, exact))
        #expect(near(comparison.totalVariation, data.totalVariation, exact))
        #expect(near(comparison.lInfinity, data.lInfinity, exact))
        #expect(near(comparison.cramersV, data.cramersV, exact))
        let test = comparison.chiSquare
        #expect(near(test.statistic, data.chiSquare[0], exact))
        // A tail of 1e-24: logarithms of it are exact to 1e-14, it itself to 1e-12.
        #expect(near(test.pValue, data.chiSquare[1], 1e-11))
        #expect(test.degreesOfFreedom == 4)
        #expect(comparison.unseen.map(\.category) == ["e"])
        let fit = HypothesisTests.chiSquareGoodnessOfFit(observed: [130, 120, 30], expected: [400, 300, 200])
        #expect(near(fit.statistic, data.evidentlyFit[0], exact))
        #expect(near(fit.pValue, data.evidentlyFit[1], 1e-11))
    }
}
