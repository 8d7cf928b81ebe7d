// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Distances as the tools that name them give them")
struct EdgeGoldenTests {
    private struct Numbers: Decodable {
        var reference, current, sturges, unique, doane, deciles: [Double]
        var evidentlyPSI, evidentlyJS, evidentlyHellinger, base2JS: Double
        var nannymlJS, nannymlHellinger, decilePSI, wasserstein: Double
    }

    private struct Categories: Decodable {
        var reference, current: [String: Int]
        var evidentlyPSI, deepchecksPSI, naturalJS, base2JS, hellinger, totalVariation, lInfinity: Double
        var chiSquare: [Double]
    }

    private struct File: Decodable {
        var numbers: Numbers
        var categories: Categories
    }

    /// Sums of some ten terms: a few units in the last place; the tools' own sums go in another order.
    private let exact = 1e-12
    /// The base of natural logarithms.
    private let natural = 2.718281828459045

    private func compared(_ data: Numbers, _ edges: [Double]) -> EdgeComparison {
        var (reference, current) = (EdgeCounts(edges: edges), EdgeCounts(edges: edges))
        for x in data.reference { reference.add(x) }
        for x in data.current { current.add(x) }
        return EdgeComparison(reference: reference, current: current)
    }

    @Test("equals evidently on Sturges' bins")
    func evidently() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let (p, q) = compared(data, data.sturges).shares
        #expect(near(Divergence.psi(p, q, floor: 1e-4), data.evidentlyPSI, exact))
        #expect(near(Divergence.jensenShannon(p, q, base: natural), data.evidentlyJS, exact))
        #expect(near(Divergence.jensenShannon(p, q, base: 2), data.base2JS, exact))
        let unique = compared(data, data.unique).shares
        // sqrt(1 - sum sqrt(pq)) of evidently loses half the digits of what is left near 1.
        #expect(near(Divergence.hellinger(unique.reference, unique.current), data.evidentlyHellinger, 1e-8))
    }

    @Test("equals nannyml on Doane's bins of the reference, left-over bin included")
    func nannyml() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let (p, q) = compared(data, data.doane).shares
        #expect(near(Divergence.jensenShannon(p, q, base: 2), data.nannymlJS, exact))
        #expect(near(Divergence.hellinger(p, q), data.nannymlHellinger, exact))
    }

    @Test("equals the scorecards' PSI on reference deciles")
    func deciles() throws {
        let data = try Golden.load(File.self, "statistics").numbers
        let (p, q) = compared(data, data.deciles).shares
        #expect(near(Divergence.psi(p, q, floor: 1e-4), data.decilePSI, exact))
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
        let names = Set(data.reference.keys).union(data.current.keys).sorted()
        let (before, now) = (names.map { Double(data.reference[$0] ?? 0) }, names.map { Double(data.current[$0] ?? 0) })
        let (p, q) = (Divergence.shares(before), Divergence.shares(now))
        #expect(near(Divergence.psi(p, q, floor: 1e-4), data.evidentlyPSI, exact))
        #expect(near(Divergence.psi(p, q, floor: 0.01), data.deepchecksPSI, exact))
        #expect(near(Divergence.jensenShannon(p, q, base: natural), data.naturalJS, exact))
        #expect(near(Divergence.jensenShannon(p, q, base: 2), data.base2JS, exact))
        #expect(near(Divergence.hellinger(p, q), data.hellinger, exact))
        #expect(near(Divergence.totalVariation(p, q), data.totalVariation, exact))
        #expect(near(Divergence.lInfinity(p, q), data.lInfinity, exact))
        let test = HypothesisTests.chiSquareContingency([before, now])
        #expect(near(test.statistic, data.chiSquare[0], exact))
        // A tail of 1e-24: logarithms of it are exact to 1e-14, it itself to 1e-12.
        #expect(near(test.pValue, data.chiSquare[1], 1e-11))
        #expect(test.degreesOfFreedom == 4)
    }
}
