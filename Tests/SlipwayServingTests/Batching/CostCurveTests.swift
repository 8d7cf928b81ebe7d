// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Cost curve of batches")
struct CostCurveTests {
    /// Sums and products of a few doubles: a millionth of the value is far above their rounding.
    private func near(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) <= 1e-6 * expected } ?? false
    }

    @Test("knows nothing before the first call")
    func empty() {
        let curve = CostCurve()
        #expect(curve.seconds(rows: 4) == nil)
        #expect(curve.bestRows(atMost: 64) == 1)
        #expect(curve.choose(atMost: 64) == (1, .unknown))
    }

    @Test(
        "lies on the line between known sizes, is level below them and in proportion above",
        arguments: [(1, 0.002), (2, 0.002), (3, 0.003), (4, 0.004), (6, 0.005), (8, 0.006), (16, 0.012)])
    func interpolation(rows: Int, seconds: Double) {
        let curve = CostCurve(measurements: [(8, 0.006), (2, 0.002), (4, 0.004)])
        #expect(near(curve.seconds(rows: rows), seconds))
    }

    @Test("ignores calls without sense", arguments: [(0, 1.0), (-1, 1), (1, 0), (1, -1), (1, .nan), (1, .infinity)])
    func senseless(rows: Int, seconds: Double) {
        #expect(CostCurve(measurements: [(rows, seconds)]).points.isEmpty)
    }

    @Test("the best size is the smallest within 5 % of the best rate")
    func best() {
        // Rates: 1000, 1600, 2667, 2740, 2743 rows per second; 4 rows reach 97.2 % of the best.
        let curve = CostCurve(
            measurements: [(1, 0.001), (2, 0.00125), (4, 0.0015), (8, 0.00292), (16, 0.005833)])
        #expect(curve.bestRows(atMost: 64) == 4)
        #expect(curve.bestRows(atMost: 2) == 2)
        #expect(curve.bestRows(atMost: 1) == 1)
    }

    @Test("only sizes within the bound count; without any the bound is taken")
    func bound() {
        let curve = CostCurve(measurements: [(64, 0.001)])
        #expect(curve.bestRows(atMost: 8) == 8)
        #expect(curve.choose(atMost: 8) == (8, .unknown))
    }

    @Test("a model in proportion to its rows settles on single requests")
    func noProfit() {
        #expect(BatchingRig.linear.choose(atMost: 64) == (1, .noProfit))
        var curve = CostCurve()
        for _ in 0..<10 {
            let rows = curve.choose(atMost: 64).rows
            curve.record(rows: rows, seconds: 0.001 * Double(rows))
        }
        #expect(curve.choose(atMost: 64) == (1, .noProfit))
        #expect(curve.points.last?.rows == 2)
    }

    /// Seconds = fixed + rows × each. At the best size the fixed part no longer matters more than 5 %.
    @Test("grows by doublings while they pay", arguments: [(0.001, 0.001), (0.01, 0.001), (0.001, 0.0), (0.0, 0.001)])
    func growth(fixed: Double, each: Double) {
        var curve = CostCurve()
        var largest = 0
        for _ in 0..<200 {
            let rows = curve.choose(atMost: 256).rows
            #expect(rows <= max(2 * largest, 1))
            largest = max(largest, rows)
            curve.record(rows: rows, seconds: fixed + each * Double(rows))
        }
        let chosen = curve.choose(atMost: 256).rows
        func rate(_ rows: Int) -> Double { Double(rows) / (fixed + each * Double(rows)) }
        // 5 % for the choice, and 1 % for a largest size that was tried once and does not count.
        #expect(rate(chosen) >= 0.94 * rate(largest))
        // It stopped because doubling brought 5 % or less, at the bound, or because a call took 20 times as long as one
        // row.
        let isLong = fixed + each * Double(largest + 1) > 20 * (fixed + each) * 0.999_999
        #expect(largest == 256 || isLong || rate(largest) <= 1.05 * rate(largest / 2) * 1.000_001)
    }

    @Test("a call takes at most twenty times as long as one row")
    func longest() {
        var curve = CostCurve()
        for _ in 0..<200 {
            let rows = curve.choose(atMost: 10_000).rows
            curve.record(rows: rows, seconds: 0.1 + 0.001 * Double(rows))
        }
        // 20 × 0.101 s leave room for 1,920 rows.
        #expect((1_000...1_920).contains(curve.choose(atMost: 10_000).rows))
    }

    @Test("one lucky call does not make a size the best")
    func luck() {
        var curve = CostCurve(measurements: [(1, 0.020), (2, 0.038), (4, 0.076)])
        #expect(curve.choose(atMost: 64).rows <= 4)
        curve.record(rows: 10, seconds: 0.05)
        #expect(curve.bestRows(atMost: 64) <= 4)
        for _ in 0..<10 { curve.record(rows: 10, seconds: 0.19) }
        #expect(curve.choose(atMost: 64).rows <= 4)
    }

    @Test("stops at the size past which calls become slow")
    func cliff() {
        var curve = CostCurve()
        for _ in 0..<100 {
            let rows = curve.choose(atMost: 256).rows
            curve.record(rows: rows, seconds: rows <= 16 ? 0.001 : 0.01)
        }
        #expect(curve.choose(atMost: 256) == (16, .settled))
    }

    @Test("one hiccup moves a known size little, a lasting change wholly")
    func outlier() {
        var curve = CostCurve(measurements: Array(repeating: (4, 0.001), count: 20))
        curve.record(rows: 4, seconds: 10)
        #expect((curve.seconds(rows: 4) ?? 1) < 0.00114)
        for _ in 0..<200 { curve.record(rows: 4, seconds: 0.004) }
        // After 200 calls of weight 1/20 at most 1 % of the old value is left.
        #expect(abs((curve.seconds(rows: 4) ?? 0) - 0.004) < 0.00004)
    }

    @Test("a model without profit is found in scattered times", arguments: 1...20)
    func scatter(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var curve = CostCurve()
        for _ in 0..<2_000 {
            let rows = Int.random(in: 1...curve.choose(atMost: 64).rows, using: &random)
            // Up to half as long again: what other work on the machine does to calls.
            curve.record(rows: rows, seconds: 0.01 * Double(rows) * Double.random(in: 1...1.5, using: &random))
        }
        #expect(curve.choose(atMost: 64).rows <= 2)
    }

    @Test("the first call of a size is held to what others make likely, the very first is believed")
    func firstOutlier() {
        var curve = CostCurve(measurements: [(1, 0.001)])
        curve.record(rows: 2, seconds: 5)
        #expect(near(curve.seconds(rows: 2), 0.008))
        #expect(near(CostCurve(measurements: [(1, 7)]).seconds(rows: 1), 7))
    }

    @Test("a slow first call of the smallest size is corrected by a faster larger one")
    func coldStart() {
        let curve = CostCurve(measurements: [(1, 0.1), (8, 0.002)])
        #expect(near(curve.seconds(rows: 1), 0.002))
    }

    @Test("never falls, whatever is measured", arguments: UInt64(0)..<20)
    func monotone(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var curve = CostCurve()
        for _ in 0..<500 {
            let rows = Int.random(in: 1...4, using: &random) << Int.random(in: 0...8, using: &random)
            curve.record(rows: rows, seconds: Double.random(in: 0.000_1...0.1, using: &random))
        }
        var last = 0.0
        for rows in 1...2_000 {
            let seconds = curve.seconds(rows: rows) ?? -1
            // Interpolation may round down by some last digits.
            #expect(seconds >= last * 0.999_999_999)
            last = seconds
        }
        #expect(curve.points.count <= 60)
    }

    @Test("the rows that fit into a time", arguments: [(0.000_9, 0), (0.001, 1), (0.0045, 4), (0.009, 9), (1, 64)])
    func within(seconds: Double, rows: Int) {
        // A hair more than the exact time, for rounding.
        #expect(BatchingRig.linear.rows(within: seconds * 1.000_000_1, atMost: 64) == rows)
    }

    @Test("holds sizes near the largest number")
    func extremes() {
        var curve = CostCurve(measurements: [(.max, 1e300), (1, 1e-300)])
        curve.record(rows: .max, seconds: 1e308)
        #expect(curve.choose(atMost: .max).rows >= 1)
        #expect(curve.seconds(rows: .max)?.isFinite == true)
    }
}
