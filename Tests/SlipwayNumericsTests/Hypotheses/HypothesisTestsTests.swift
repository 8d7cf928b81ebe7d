// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Statistical tests")
struct HypothesisTestsTests {
    private struct Samples: Decodable {
        var a, b: [Double]
        var statistic, exact, limit: Double
    }

    private struct Table: Decodable {
        var table: [[Double]]
        var result: [Double]
    }

    private struct Tests: Decodable {
        var ks: [Samples]
        var contingency: [Table]
        var proportions, welch, pValues: [Double]
        var rejected: [Bool]
    }

    private struct Numbers: Decodable { var reference, current: [Double] }

    private struct File: Decodable {
        var tests: Tests
        var numbers: Numbers
    }

    private func golden() throws -> Tests { try Golden.load(File.self, "statistics").tests }

    @Test("equals scipy's two-sample Kolmogorov-Smirnov test, ties included")
    func kolmogorovSmirnov() throws {
        for samples in try golden().ks {
            let result = HypothesisTests.kolmogorovSmirnov(samples.a, samples.b)
            #expect(near(result.statistic, samples.statistic, 1e-12))
            // Some hundred multiplications and additions of positive numbers on the way.
            #expect(near(result.pValue, samples.exact, 1e-11))
            let limit = HypothesisTests.kolmogorovSmirnov(samples.a, samples.b, distribution: .asymptotic)
            // The limit is one; scipy's, of another kind, is as far off.
            #expect(near(limit.pValue, samples.exact, 0.15))
        }
    }

    @Test("leaves NaN out of samples, and finds nothing in empty ones")
    func kolmogorovSmirnovEdges() {
        let result = HypothesisTests.kolmogorovSmirnov([1, .nan, 2], [.nan, 1, 2])
        #expect(result == TestResult(statistic: 0, pValue: 1))
        #expect(HypothesisTests.kolmogorovSmirnov([], [1]).pValue == 1)
        let apart = HypothesisTests.kolmogorovSmirnov([-.infinity, 0], [1, .infinity])
        #expect(apart.statistic == 1)
        // Two of the six orders of two and two keep the samples apart.
        #expect(near(apart.pValue, 1.0 / 3, 1e-15))
    }

    @Test("equals scipy's chi-square test of tables, empty columns left out")
    func contingency() throws {
        for table in try golden().contingency {
            let result = HypothesisTests.chiSquareContingency(table.table)
            #expect(near(result.statistic, table.result[0], 1e-12))
            #expect(near(result.pValue, table.result[1], 1e-11))
            #expect(result.degreesOfFreedom == Int(table.result[2]))
        }
    }

    @Test(
        "has nothing to say on tables of one row or column",
        arguments: [[], [[1, 2]], [[1], [2]], [[0, 0], [1, 2]]])
    func degenerate(table: [[Double]]) {
        #expect(HypothesisTests.chiSquareContingency(table).pValue == 1)
    }

    @Test("equals evidently's z-test of proportions")
    func proportions() throws {
        let expected = try golden().proportions
        let result = HypothesisTests.twoProportions(300, of: 1000, 160, of: 400)
        #expect(near(result.statistic, expected[0], 1e-13))
        #expect(near(result.pValue, expected[1], 1e-12))
        #expect(HypothesisTests.twoProportions(0, of: 10, 0, of: 9).pValue == 1)
        #expect(HypothesisTests.twoProportions(1, of: 0, 0, of: 9).pValue == 1)
    }

    @Test("equals scipy's Welch test, from streams")
    func welch() throws {
        let file = try Golden.load(File.self, "statistics")
        var (a, b) = (Welford(), Welford())
        for x in file.numbers.reference { a.add(x) }
        for x in file.numbers.current { b.add(x) }
        let result = HypothesisTests.welch(a, b)
        #expect(near(result.statistic, file.tests.welch[0], 1e-11))
        #expect(near(result.pValue, file.tests.welch[1], 1e-10))
        #expect(HypothesisTests.welch(a, Welford()).pValue == 1)
    }

    @Test("rejects what scipy's Benjamini-Hochberg rejects")
    func benjaminiHochberg() throws {
        let tests = try golden()
        #expect(tests.rejected.contains(true) && tests.rejected.contains(false))
        #expect(HypothesisTests.benjaminiHochberg(tests.pValues, q: 0.1) == tests.rejected)
        #expect(HypothesisTests.benjaminiHochberg([], q: 0.1) == [])
        #expect(HypothesisTests.benjaminiHochberg([.nan, 0.001, 0.9], q: 0.1) == [false, true, false])
    }

    @Test("keeps the share of false discoveries", arguments: [0.05, 0.2])
    func falseDiscoveries(q: Double) {
        var random = SplitMix64(seed: 12)
        var share = 0.0
        for _ in 0..<400 {
            // 30 features that did not move, 10 that did, by 3.5 deviations.
            let pValues = (0..<40).map { index in
                2 * SpecialFunctions.normalTail(abs(normal(&random) + (index < 30 ? 0 : 3.5)))
            }
            let rejected = HypothesisTests.benjaminiHochberg(pValues, q: q)
            let wrong = rejected[..<30].filter { $0 }.count
            share += Double(wrong) / Double(max(rejected.filter { $0 }.count, 1))
        }
        // The procedure keeps 3/4 q here; a mean of 400 shares, each off by some 0.1, is within 0.02.
        #expect(share / 400 < 0.75 * q + 0.02)
        #expect(share / 400 > 0.75 * q - 0.02)
    }
}
