// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Counts between and on edges")
struct EdgeCountsTests {
    @Test("puts numbers in the open intervals and on the edges")
    func slots() {
        var counts = EdgeCounts(edges: [3, 1, 2, 1, .infinity, .nan])
        #expect(counts.edges == [1, 2, 3])
        for x in [0, 1, 1, 1.5, 2, 2.5, 2.7, 3, 9, .infinity, -.infinity, .nan, -.nan] { counts.add(x) }
        #expect(counts.open == [2, 1, 2, 2])
        #expect(counts.at == [2, 1, 1])
        #expect(counts.total == 11)
        #expect(counts.lowerTail == 1)
        #expect(counts.upperTail == 6)
    }

    @Test(
        "finds the place that a plain search finds, for any number of edges",
        arguments: [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 256, 257, 272, 273, 600, 5000])
    func search(edges: Int) {
        var random = SplitMix64(seed: UInt64(edges))
        // Whole numbers with gaps, so that numbers hit edges and lie between them.
        var counts = EdgeCounts(edges: (0..<edges).map { Double(3 * $0) })
        var expected = [UInt64](repeating: 0, count: 2 * edges + 1)
        let end = Double(3 * edges)
        let extremes = [-Double.infinity, .infinity, -.greatestFiniteMagnitude, .greatestFiniteMagnitude, -0.0]
        let values = extremes + (0..<3000).map { _ in Double(random.below(3 * edges + 8)) - 4 } + [end]
        for x in values {
            let below = counts.edges.prefix { $0 < x }.count
            let isHit = below < edges && counts.edges[below] == x
            expected[2 * below + (isHit ? 1 : 0)] += 1
            counts.add(x)
        }
        #expect(counts.slots == expected)
        var bulk = EdgeCounts(edges: counts.edges)
        values.withUnsafeBufferPointer { bulk.add($0) }
        #expect(bulk.slots == counts.slots)
        // The same sums in another order; the largest finite number outweighs all others.
        #expect(near(bulk.upperTail, counts.upperTail, 1e-12))
        #expect(near(bulk.lowerTail, counts.lowerTail, 1e-12))
    }

    @Test("counts merged parts as the whole", arguments: SampleKind.allCases)
    func merge(kind: SampleKind) {
        var random = SplitMix64(seed: 11)
        let values = kind.draw(900, &random)
        let edges = EdgeCounts.quantileEdges(of: values.sorted(), intervals: 32)
        var (whole, merged) = (EdgeCounts(edges: edges), EdgeCounts(edges: edges))
        for x in values { whole.add(x) }
        for start in stride(from: 0, to: 900, by: 300) {
            var part = EdgeCounts(edges: edges)
            for x in values[start..<start + 300] { part.add(x) }
            #expect(merged.merge(part) == true)
        }
        #expect(merged == whole)
    }

    @Test("does not merge counts of other edges")
    func otherEdges() {
        var counts = EdgeCounts(edges: [1, 2])
        var other = EdgeCounts(edges: [1, 3])
        other.add(1)
        #expect(counts.merge(other) == false)
        #expect(counts.total == 0)
    }

    @Test("takes no more memory for more numbers")
    func memory() {
        var random = SplitMix64(seed: 5)
        var counts = EdgeCounts(edges: EdgeCounts.quantileEdges(of: (0..<9999).map(Double.init)))
        #expect(counts.edges.count == 257)
        for _ in 0..<20_000 { counts.add(normal(&random) * 1e6) }
        #expect(counts.slots.count == 515)
    }

    @Test("takes edges from the reference with at most 1/K of it between two", arguments: SampleKind.allCases)
    func quantileEdges(kind: SampleKind) {
        var random = SplitMix64(seed: 21)
        for count in [1, 2, 9, 10, 11, 12, 100, 1237] {
            let sorted = kind.draw(count, &random).sorted()
            let edges = EdgeCounts.quantileEdges(of: sorted, intervals: 10)
            #expect(edges.count <= 11 || count <= 11)
            #expect(edges.first == sorted.first)
            #expect(edges.last == sorted.last)
            var counts = EdgeCounts(edges: edges)
            for x in sorted { counts.add(x) }
            #expect(Double(counts.open.max() ?? 0) <= Double(count) / 10)
        }
    }

    @Test("leaves infinities out of quantile edges")
    func infinities() {
        #expect(EdgeCounts.quantileEdges(of: [-.infinity, 1, 2, .infinity, .infinity]) == [1, 2])
        #expect(EdgeCounts.quantileEdges(of: [-.infinity, .infinity]) == [])
        #expect(EdgeCounts.quantileEdges(of: []) == [])
        #expect(EdgeCounts.quantileEdges(of: [1, 2, 3], intervals: 0) == [])
    }

    @Test("tells quantiles to the width of an interval")
    func quantiles() throws {
        let values = (0..<1000).map(Double.init)
        var counts = EdgeCounts(edges: EdgeCounts.quantileEdges(of: values, intervals: 20))
        #expect(counts.quantile(0.5) == nil)
        for x in values { counts.add(x) }
        for p in [0, 0.1, 0.25, 0.5, 0.77, 1] {
            // Linear between edges and evenly spread: off by less than two numbers.
            #expect(abs(try #require(counts.quantile(p)) - p * 999) < 2)
        }
        #expect(counts.quantile(.nan) == nil)
    }

    @Test("comes back from JSON, and refuses counts that do not fit their edges")
    func coding() throws {
        var counts = EdgeCounts(edges: [1, 2, 4])
        for x in [0.5, 1, 3, 3, 9] { counts.add(x) }
        #expect(try recoded(counts) == counts)
        #expect(
            EdgeCounts(edges: counts.edges, open: counts.open, at: counts.at, lowerTail: 0.5, upperTail: 5) == counts)
        #expect(EdgeCounts(edges: [1, 1], slots: [0, 0, 0, 0, 0]) == nil)
        #expect(EdgeCounts(edges: [1, .nan], slots: [0, 0, 0, 0, 0]) == nil)
        #expect(EdgeCounts(edges: [1, 2], slots: [0, 0, 0]) == nil)
        #expect(EdgeCounts(edges: [1, 2], open: [1, 2], at: [1, 2]) == nil)
        #expect(EdgeCounts(edges: [1], slots: [.max, 1, 0]) == nil)
        #expect(EdgeCounts(edges: [1], slots: [0, 1, 0], lowerTail: -.infinity) == nil)
    }
}
