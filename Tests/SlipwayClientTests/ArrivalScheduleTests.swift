// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import Testing

@Suite struct ArrivalScheduleTests {
    private static func gaps(rate: Double, count: Int) -> [Double] {
        var schedule = ArrivalSchedule(rate: rate, seed: 42)
        var previous: UInt64 = 0
        return (0..<count).map { _ in
            let next = schedule.next()
            defer { previous = next }
            return Double(next - previous) / 1e9
        }
    }

    @Test("gaps have the mean and the spread of an exponential distribution", arguments: [10.0, 1_000, 50_000])
    func moments(rate: Double) {
        let count = 100_000
        let gaps = Self.gaps(rate: rate, count: count)
        let mean = gaps.reduce(0, +) / Double(count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        // The mean of n exponential gaps has a relative standard error of 1/sqrt(n) = 0.32 %, their variance one of
        // sqrt(8/n) = 0.9 %; four of each are 1.3 % and 3.6 %.
        #expect(abs(mean * rate - 1) < 0.013)
        #expect(abs(variance * rate * rate - 1) < 0.036)
    }

    @Test("a share of exp(-x) of all gaps is longer than x mean gaps", arguments: [(1.0, 0.36788), (3.0, 0.04979)])
    func tail(x: Double, share: Double) {
        let count = 100_000
        let longer = Self.gaps(rate: 100, count: count).count { $0 * 100 > x }
        // Four standard errors of a share p of n: 4 sqrt(p (1 - p) / n) is at most 0.0061 for 0.37, 0.0028 for 0.05.
        #expect(abs(Double(longer) / Double(count) - share) < 4 * (share * (1 - share) / Double(count)).squareRoot())
    }

    @Test("one seed gives one schedule, another seed another")
    func seeds() {
        var first = ArrivalSchedule(rate: 100, seed: 1)
        var again = ArrivalSchedule(rate: 100, seed: 1)
        var other = ArrivalSchedule(rate: 100, seed: 2)
        let arrivals = (0..<50).map { _ in first.next() }
        #expect(arrivals == (0..<50).map { _ in again.next() })
        #expect(arrivals != (0..<50).map { _ in other.next() })
        #expect(arrivals == arrivals.sorted())
    }
}
