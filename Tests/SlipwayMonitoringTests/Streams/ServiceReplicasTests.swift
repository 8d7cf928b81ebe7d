// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("Service of several replicas")
struct ServiceReplicasTests {
    private static func observation(_ random: inout SplitMix64) -> InferenceObservation {
        let outcome: InferenceObservation.Outcome =
            random.below(10) == 0 ? .failure(.internal) : random.below(10) == 0 ? .failure(.invalidInput) : .success
        return InferenceObservation(
            requestID: nil, endpoint: "fraud", version: random.below(20) == 0 ? nil : 3,
            route: random.below(10) == 0 ? .shadow : .primary, outcome: outcome, rows: 1, batchSize: 1,
            inputBytes: 40, outputBytes: 8, timings: InferenceTimings(),
            total: .microseconds(50 + random.below(5000)))
    }

    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_000_000 + milliseconds) }

    /// Lets every book take what all served until now.
    private static func exchange(_ books: [MonitorBook], at now: Timestamp) {
        let tallies = books.flatMap { $0.serviceTallies() }
        for book in books { book.take(tallies, at: now) }
    }

    private static func service(_ report: SignalReport) -> [SignalKey: SignalReading] {
        // Detectors of change walk with the stream that they see: they are each replica's own.
        report.readings.filter { $0.key.kind != .change }
    }

    @Test("each tells what one that saw everything would", arguments: [1, 2, 3, 5], [60, 400])
    func sameAsOne(count: Int, seconds: Int64) {
        var random = SplitMix64(seed: UInt64(count))
        let one = Rows.book(nil)
        let books = (0..<count).map { Rows.book(nil, replica: "r\($0)") }
        for step in 0..<(seconds * 2) {
            for _ in 0..<random.below(12) {
                let made = Self.observation(&random)
                for book in [one, books[random.below(count)]] { book.add(made) }
            }
            for book in [one] + books { _ = book.report(at: Self.at(step * 500)) }
        }
        let end = Self.at(seconds * 1000)
        Self.exchange(books, at: end)
        let expected = Self.service(one.report(at: end))
        for kind in [SignalKind.errorRate, .latencyP50, .latencyP99, .requestRate, .burnRate] {
            #expect(expected.keys.contains { $0.kind == kind && $0.version == Rows.version }, "\(kind)")
        }
        // All of it follows from counts: nothing is rounded on the way.
        for book in books { #expect(Self.service(book.report(at: end)) == expected) }
    }

    @Test("a burst of errors that each replica sees a part of is told by all")
    func burst() {
        let books = (0..<3).map { Rows.book(nil, replica: "r\($0)") }
        for second in 0..<70 as Range<Int64> {
            // Two errors each are too few for any.
            for book in books {
                for index in 0..<50 {
                    book.add(.sample(version: 3, outcome: second == 66 && index < 2 ? .failure(.internal) : .success))
                }
                _ = book.report(at: Self.at(second * 1000))
            }
            for book in books where second == 65 {
                let told = book.report(at: Self.at(second * 1000)).reading(.change, "error_rate/burst")
                #expect(told == nil)
            }
            Self.exchange(books, at: Self.at(second * 1000))
        }
        for book in books {
            let told = book.report(at: Self.at(70_000)).reading(.change, "error_rate/burst")
            #expect(told?.explanation?.contains("error_rate: mean 0 ->") == true)
        }
    }

    @Test("what a replica that is gone served counts until it is old")
    func gone() {
        let gone = Rows.book(nil, replica: "gone")
        for _ in 0..<100 { gone.add(.sample(version: 3, outcome: .failure(.internal))) }
        _ = gone.report(at: Self.at(0))
        let left = gone.serviceTallies()
        let next = Rows.book(nil, replica: "next")
        next.take(left, at: Self.at(10_000))
        #expect(next.report(at: Self.at(10_000)).reading(.errorRate)?.samples == 100)
        // The burn rate's short window of five seconds saw none of it, the long one did.
        let burns = next.report(at: Self.at(10_000)).readings.filter { $0.key.kind == .burnRate }
        #expect(burns.map(\.value.samples) == [100])
        #expect(next.report(at: Self.at(400_000)).reading(.errorRate) == nil)
        next.take([], at: Self.at(11_000))
        #expect(next.report(at: Self.at(11_000)).reading(.errorRate) == nil)
    }

    @Test("new rules keep what windows of the same length counted")
    func newRules() {
        func spec(_ threshold: Double) -> MonitoringSpec {
            var rule = AlertRule(name: "burn", signal: SignalKind.burnRate.rawValue, threshold: threshold)
            rule.objective = 0.99
            rule.longWindowSeconds = 600
            var spec = MonitoringSpec()
            spec.rules = [rule]
            return spec
        }
        let book = Rows.book(nil, spec: spec(10))
        for _ in 0..<100 { book.add(.sample(version: 3, outcome: .failure(.internal))) }
        _ = book.report(at: Self.at(0))
        book.configure(endpoint: "fraud", spec: spec(5), versions: [Rows.version], profiles: [:])
        #expect(book.report(at: Self.at(1000)).reading(.burnRate, "600")?.samples == 100)
    }

    @Test("damaged bytes are left out whole")
    func damaged() throws {
        let one = Rows.book(nil, replica: "a")
        for _ in 0..<100 { one.add(.sample(version: 3)) }
        _ = one.report(at: Self.at(0))
        let whole = try #require(one.serviceTallies().first)
        let other = Rows.book(nil, replica: "b")
        for position in whole.data.indices {
            var hurt = whole
            hurt.data[position] ^= 0x55
            other.take([hurt], at: Self.at(0))
            #expect(other.report(at: Self.at(0)).reading(.errorRate) == nil)
            hurt.data = Array(whole.data[..<position])
            other.take([hurt], at: Self.at(0))
            #expect(other.report(at: Self.at(0)).reading(.errorRate) == nil)
        }
        other.take([whole], at: Self.at(0))
        #expect(other.report(at: Self.at(0)).reading(.errorRate)?.samples == 100)
    }
}
