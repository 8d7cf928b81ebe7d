// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Comparison of counts with a reference")
struct EdgeComparisonTests {
    private func counted(_ values: [Double], _ edges: [Double]) -> EdgeCounts {
        var counts = EdgeCounts(edges: edges)
        for x in values { counts.add(x) }
        return counts
    }

    @Test("bounds the exact KS from both sides on any data", arguments: SampleKind.allCases, SampleKind.allCases)
    func bounds(reference: SampleKind, current: SampleKind) {
        var random = SplitMix64(seed: UInt64(reference.rawValue * 100 + current.rawValue))
        for round in 0..<40 {
            let ref = reference.draw(1 + random.below(400), &random)
            let cur = current.draw(1 + random.below(400), &random).map { round.isMultiple(of: 2) ? $0 : $0 * 0.9 + 0.1 }
            let edges = EdgeCounts.quantileEdges(of: ref.sorted(), intervals: 256)
            let few = EdgeCounts.quantileEdges(of: ref.sorted(), intervals: 16)
            // Asymptotic, as only the statistic is looked at.
            let exact = HypothesisTests.kolmogorovSmirnov(ref, cur, distribution: .asymptotic).statistic
            for (edges, intervals) in [(edges, 256.0), (few, 16.0)] {
                let comparison = EdgeComparison(reference: counted(ref, edges), current: counted(cur, edges))
                // Shares of counts are rounded to 2^-53, a few times.
                #expect(comparison.ks <= exact + 1e-15)
                #expect(exact <= comparison.ks + 1 / intervals + 1e-15)
            }
        }
    }

    @Test("would break the bound without counting hits on edges apart")
    func naiveBreaksTheBound() {
        // Half the reference on one value: with hits counted in the interval, up to that half goes unseen.
        let reference = [Double](repeating: 0, count: 50) + (1...50).map(Double.init)
        let current = [Double](repeating: -1e-9, count: 50) + (1...50).map(Double.init)
        let edges = EdgeCounts.quantileEdges(of: reference.sorted(), intervals: 10)
        let right = EdgeComparison(reference: counted(reference, edges), current: counted(current, edges))
        let exact = HypothesisTests.kolmogorovSmirnov(reference, current).statistic
        #expect(exact == 0.5)
        #expect(right.ks == 0.5)
        // All distances below look at intervals closed on the right alone, which merge the atom with what is below it.
        let naive = counted(reference.map { $0 == 0 ? -1e-9 : $0 }, edges)
        #expect(EdgeComparison(reference: naive, current: counted(current, edges)).ks == 0)
    }

    @Test("knows no difference between the same data, and says when there is nothing to compare")
    func noDifference() {
        let counts = counted([1, 2, 2, 3, 5], [1, 2, 5])
        let same = EdgeComparison(reference: counts, current: counts)
        #expect(same.isComparable)
        #expect([same.ks, same.wasserstein] == [0, 0])
        #expect(same.ksPValue == 1)
        let (p, q) = same.shares
        #expect(p == q)
        #expect([Divergence.psi(p, q), Divergence.jensenShannon(p, q), Divergence.hellinger(p, q)] == [0, 0, 0])
        #expect([Divergence.totalVariation(p, q), Divergence.lInfinity(p, q)] == [0, 0])
        for other in [EdgeCounts(edges: [1, 2, 5]), counted([1], [1, 2, 6])] {
            let comparison = EdgeComparison(reference: counts, current: other)
            #expect(!comparison.isComparable)
            #expect(comparison.ks == 0)
            #expect(comparison.shares.reference == [])
            #expect(comparison.ksPValue == 1)
            #expect(comparison.grouped(10).reference == [])
        }
    }

    @Test("approaches the exact Wasserstein distance, exactly so for shifts past all edges")
    func wasserstein() {
        var random = SplitMix64(seed: 8)
        let reference = (0..<4000).map { _ in normal(&random) }
        let edges = EdgeCounts.quantileEdges(of: reference.sorted())
        for shift in [0.2, 1.0, 30] {
            let moved = reference.map { $0 + shift }
            let comparison = EdgeComparison(reference: counted(reference, edges), current: counted(moved, edges))
            // Distances between functions that are linear between 256 edges: some hundredths. Past all edges the sums
            // are exact, and the reference's own area is cut by trapezoids of 1/256.
            #expect(near(comparison.wasserstein, shift, 0.03))
        }
    }

    @Test("groups bins evenly by the reference, atoms apart", arguments: [1, 2, 5, 10, 20])
    func grouped(groups: Int) {
        var random = SplitMix64(seed: 9)
        let reference = (0..<5000).map { _ in normal(&random) }
        let edges = EdgeCounts.quantileEdges(of: reference.sorted())
        let counts = counted(reference, edges)
        let (p, q) = EdgeComparison(reference: counts, current: counts).grouped(groups)
        #expect(p.count == groups)
        #expect(p == q)
        // A group ends at an edge, so that it may have one interval more or less than its share, 1/256.
        #expect(p.allSatisfy { abs($0 - 1 / Double(groups)) < 1.5 / 256 })
        let atoms = counted([0, 0, 0, 0, 0, 0, 0, 1, 2, 3], [0, 1, 2, 3])
        let few = EdgeComparison(reference: atoms, current: atoms).grouped(groups).reference
        #expect(few.count <= groups)
        #expect(near(few.reduce(0, +), 1, 1e-12))
    }

    @Test("gives the p-value of equal distributions evenly")
    func pValues() {
        var random = SplitMix64(seed: 31)
        let reference = (0..<3000).map { _ in random.unit() }
        let edges = EdgeCounts.quantileEdges(of: reference.sorted())
        let counts = counted(reference, edges)
        var small = 0
        for _ in 0..<400 {
            let current = counted((0..<300).map { _ in random.unit() }, edges)
            if EdgeComparison(reference: counts, current: current).ksPValue < 0.1 { small += 1 }
        }
        // 40 expected, deviation 6, and the reference is one sample for all: four deviations to either side.
        #expect((10...64).contains(small))
    }

    @Test("sees a flag of 0 and 1 change its share")
    func flag() {
        let reference = counted([Double](repeating: 0, count: 90) + [Double](repeating: 1, count: 10), [0, 1])
        let current = counted([Double](repeating: 0, count: 50) + [Double](repeating: 1, count: 50), [0, 1])
        let comparison = EdgeComparison(reference: reference, current: current)
        let (p, q) = comparison.shares
        // Shares of 100 are rounded to 2^-53 each.
        #expect(near(Divergence.totalVariation(p, q), 0.4, 1e-12))
        #expect(near(Divergence.psi(p, q), Divergence.psi([0.9, 0.1], [0.5, 0.5]), 1e-12))
    }
}
