// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite struct DriftTests {
    private let now = Timestamp(milliseconds: 1_000_500)

    @Test("KS from counters is within 1/256 of the exact value on any data", arguments: (0..<40) as Range<UInt64>)
    func kolmogorovSmirnov(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        // Atoms, ties with the reference, values far outside, infinities.
        func draw(_ count: Int) -> [Double] {
            let kind = random.below(4)
            return (0..<count).map { _ in
                switch kind {
                case 0: Double(random.below(5))
                case 1: Double(Float(random.unit()))
                case 2: Double(Float(random.unit() * random.unit() * 1000)).rounded()
                default: random.below(20) == 0 ? (random.below(2) == 0 ? .infinity : -1e30) : Double(random.below(300))
                }
            }
        }
        let reference = draw(2000).filter(\.isFinite)
        let current = draw(500)
        let book = Rows.book(try Rows.profile(reference))
        book.add(try Rows.prediction(current))
        let reading = try #require(book.report(at: now).reading(.ks, "input"))
        let exact = Self.exactKS(reference.map { Double(Float($0)) }, current.map { Double(Float($0)) })
        // The bound is proven; the rest is rounding of sums of shares.
        #expect(reading.value <= exact + 1e-9)
        #expect(exact <= reading.value + 1.0 / 256 + 1e-9)
    }

    private static func exactKS(_ a: [Double], _ b: [Double]) -> Double {
        let (a, b) = (a.sorted(), b.sorted())
        var (i, j, largest) = (0, 0, 0.0)
        for x in (a + b).sorted() {
            while i < a.count, a[i] <= x { i += 1 }
            while j < b.count, b[j] <= x { j += 1 }
            largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        return largest
    }

    @Test("the same distribution is no drift, one that moved by half a deviation is")
    func shift() throws {
        let profile = try Rows.profile(Rows.normal(20_000, seed: 1))
        let same = Rows.book(profile)
        same.add(try Rows.prediction(Rows.normal(2000, seed: 2)))
        let quiet = same.report(at: now)
        let moved = Rows.book(profile)
        moved.add(try Rows.prediction(Rows.normal(2000, mean: 0.5, seed: 2)))
        let loud = moved.report(at: now)
        // 2,000 rows in 10 groups: PSI of chance is 0.005; the shift's is about 0.25.
        #expect(try #require(quiet.reading(.psi, "input")).value < 0.02)
        #expect(try #require(quiet.reading(.ks, "input")?.pValue) > 0.001)
        let psi = try #require(loud.reading(.psi, "input"))
        #expect(psi.value > 0.15)
        #expect(psi.method.contains("10 groups"))
        #expect(psi.explanation?.contains("input: median") == true)
        #expect(try #require(loud.reading(.ks, "input")?.pValue) < 1e-9)
        // Half a deviation, the tails by their sums.
        #expect(abs(try #require(loud.reading(.wasserstein, "input")).value - 0.5) < 0.05)
    }

    @Test("golden: PSI of ten groups, Hellinger and the rest follow from the shares of the groups")
    func shares() throws {
        // Ten values, each a group of its own.
        let reference = (0..<1000).map { Double($0 % 10) }
        let current = (0..<1000).map { Double($0 % 20 < 10 ? $0 % 5 : $0 % 10) }
        let book = Rows.book(try Rows.profile(reference))
        book.add(try Rows.prediction(current))
        let report = book.report(at: now)
        let p = [Double](repeating: 0.1, count: 10)
        let q = [0.15, 0.15, 0.15, 0.15, 0.15, 0.05, 0.05, 0.05, 0.05, 0.05]
        // Shares of a thousand rows are exact to rounding.
        #expect(abs(try #require(report.reading(.psi, "input")).value - Divergence.psi(p, q)) < 1e-9)
        #expect(abs(try #require(report.reading(.hellinger, "input")).value - Divergence.hellinger(p, q)) < 1e-9)
        #expect(abs(try #require(report.reading(.totalVariation, "input")).value - 0.25) < 1e-9)
        #expect(abs(try #require(report.reading(.lInfinity, "input")).value - 0.05) < 1e-9)
        // Five groups of 100 against 150, five of 100 against 50.
        #expect(abs(try #require(report.reading(.chiSquare, "input")).value - (50 + 250.0 / 3)) < 1e-6)
    }

    @Test("examples are the requests that lie farthest on the side of the shift")
    func examples() throws {
        let book = Rows.book(try Rows.profile(Rows.normal(5000, seed: 1)))
        for (index, value) in Rows.normal(40, mean: 2, seed: 5).enumerated() {
            book.add(try Rows.prediction([value], id: "r\(index)"))
        }
        let sorted = Rows.normal(40, mean: 2, seed: 5).enumerated().sorted { $0.element > $1.element }
        let reading = try #require(book.report(at: now).reading(.ks, "input"))
        #expect(reading.examples == sorted.prefix(5).map { "r\($0.offset)" })
    }

    @Test("rows are too alike: the reconstruction error and distances see what no column shows")
    func multivariate() throws {
        // The second column follows the first; later they are independent, each as it was.
        let first = Rows.normal(4000, seed: 1)
        let rows = zip(first, Rows.normal(4000, seed: 2)).flatMap { [$0, $0 + 0.05 * $1] }
        let book = Rows.book(try Rows.profile(rows, columns: 2))
        let (a, b) = (Rows.normal(150, seed: 8), Rows.normal(150, seed: 9))
        for index in a.indices { book.add(try Rows.prediction([a[index], b[index]], columns: 2, id: "r\(index)")) }
        let report = book.report(at: now)
        let error = try #require(report.reading(.reconstructionError))
        #expect(try #require(error.pValue) < 1e-6)
        #expect(error.value > 10 * (error.reference ?? 1))
        let outliers = try #require(report.reading(.outlierRate))
        #expect(outliers.value > 0.5)
        #expect(outliers.examples.count == 5)
        #expect(try #require(report.reading(.ks, "input[0]")?.pValue) > 0.001)
    }

    @Test("of many rows a sample is looked at, of one row each")
    func sampling() throws {
        let book = Rows.book(try Rows.profile(Rows.normal(1000, seed: 1)), spec: MonitoringSpec())
        book.add(try Rows.prediction(Rows.normal(1000, seed: 2)))
        let many = try #require(book.report(at: now).reading(.ks, "input")).samples
        #expect(many == 63)
        for index in 0..<100 { book.add(try Rows.prediction([0.5], id: "\(index)")) }
        #expect(book.report(at: Timestamp(milliseconds: 1_002_000)).reading(.ks, "input")?.samples == many + 100)
    }
}
