// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct LatencyHistogramTests {
    @Test("cells follow one another without gap or overlap")
    func cellsAreContiguous() {
        for cell in 0..<LatencyScale.cellCount {
            let lower = LatencyScale.lowerBound(ofCell: cell)
            let next = LatencyScale.lowerBound(ofCell: cell + 1)
            #expect(LatencyScale.cell(ofNanoseconds: lower) == cell)
            #expect(LatencyScale.cell(ofNanoseconds: next - 1) == cell)
        }
    }

    @Test("a latency longer than the scale falls into the last cell")
    func tooLong() {
        #expect(LatencyScale.cell(ofNanoseconds: .max) == LatencyScale.cellCount - 1)
    }

    @Test(
        "a cell's middle is within 0.8 % of its values",
        arguments: [1_000, 1_023, 9_999, 123_456, 1_000_000, 25_000_001, 7_777_777_777, 100_000_000_000] as [UInt64])
    func cellError(nanoseconds: UInt64) {
        let middle = LatencyScale.middle(ofCell: LatencyScale.cell(ofNanoseconds: nanoseconds))
        let error = abs(Double(middle) - Double(nanoseconds)) / Double(nanoseconds)
        // Half of 1/64: the widest a cell is, relative to its lower bound.
        #expect(error <= 1.0 / 128)
    }

    @Test("quantiles of 1 to 1000 ms are the ranks' values", arguments: [0.5, 0.9, 0.95, 0.99])
    func quantiles(q: Double) throws {
        let histogram = LatencyHistogram()
        for milliseconds in 1...1000 { histogram.record(.milliseconds(milliseconds)) }
        let quantile = try #require(histogram.snapshot().quantile(q))
        let expected = q * 1000
        // The error of a cell's middle, see above.
        #expect(abs(quantile / .milliseconds(1) - expected) <= expected / 128)
    }

    @Test("count, mean, least and greatest are exact")
    func exactFigures() {
        let histogram = LatencyHistogram()
        for microseconds in [3, 5, 1_000_003] { histogram.record(.microseconds(microseconds)) }
        let snapshot = histogram.snapshot()
        #expect(snapshot.count == 3)
        #expect(snapshot.least == .microseconds(3))
        #expect(snapshot.greatest == .microseconds(1_000_003))
        #expect(snapshot.quantile(1) == .microseconds(1_000_003))
        #expect(snapshot.mean == .nanoseconds(333_337_000))
    }

    @Test("an empty distribution has no figures")
    func empty() {
        let snapshot = LatencyHistogram().snapshot()
        #expect(snapshot.quantile(0.5) == nil)
        #expect(snapshot.mean == nil)
        #expect(snapshot.least == nil)
    }

    @Test("one value is every quantile", arguments: [0.0, 0.5, 1.0])
    func single(q: Double) {
        var distribution = LatencyDistribution()
        distribution.record(.microseconds(777))
        #expect(distribution.quantile(q) == .microseconds(777))
    }

    @Test("merging equals recording everything in one")
    func merge() {
        var left = LatencyDistribution()
        var right = LatencyDistribution()
        var all = LatencyDistribution()
        for index in 1...500 {
            let latency = Duration.microseconds(index * index)
            if index.isMultiple(of: 3) { left.record(latency) } else { right.record(latency) }
            all.record(latency)
        }
        left.merge(right)
        #expect(left == all)
    }

    @Test("negative durations count as zero and vast ones do not trap")
    func extremes() {
        var distribution = LatencyDistribution()
        distribution.record(.seconds(-5))
        distribution.record(.seconds(Int64.max))
        distribution.record(.seconds(Int64.max))
        #expect(distribution.count == 3)
        #expect(distribution.least == .zero)
        #expect(distribution.sumNanoseconds == .max)
    }

    @Test("nothing is lost when many threads record")
    func concurrentRecords() async {
        let histogram = LatencyHistogram()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0..<5_000 { histogram.record(.microseconds(1 + (index &* 7 + task) % 1000)) }
                }
            }
        }
        #expect(histogram.snapshot().count == 40_000)
    }

    @Test("cumulative counts include what lies below each bound")
    func cumulative() {
        var distribution = LatencyDistribution()
        for milliseconds in [1, 4, 40, 400] { distribution.record(.milliseconds(milliseconds)) }
        let counts = distribution.cumulativeCounts(upTo: [.microseconds(500), .milliseconds(5), .milliseconds(50)])
        #expect(counts == [0, 2, 3])
    }
}
