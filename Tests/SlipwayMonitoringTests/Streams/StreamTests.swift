// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct StreamTests {
    @Test("a mean that moves by three deviations is told within 15 intervals")
    func change() {
        var told = 0
        for seed in 1...10 as ClosedRange<UInt64> {
            var detectors = ChangeDetectors()
            let stream = Rows.normal(60, seed: seed) + Rows.normal(15, mean: 3, seed: seed + 100)
            var last: Int?
            for (index, value) in stream.enumerated()
            where detectors.add(value, at: Timestamp(milliseconds: 0)) != nil {
                last = index
            }
            if let last, last >= 60 { told += 1 }
        }
        // A false alarm shortly before makes a new baseline of the change itself: rare, see the type's comment.
        #expect(told >= 9)
    }

    @Test("a quiet stream is told as changed less often than once in 600 intervals")
    func falseAlarms() {
        var alarms = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var detectors = ChangeDetectors()
            for value in Rows.normal(600, seed: seed * 31)
            where detectors.add(value, at: Timestamp(milliseconds: 0)) != nil {
                alarms += 1
            }
        }
        // 12,000 intervals.
        #expect(alarms < 20)
    }

    @Test("scores that move are a change of their stream, which ends after a minute")
    func outputs() throws {
        let book = Rows.book(try Rows.profile(Rows.normal(2000, seed: 1), scores: Rows.normal(2000, seed: 2)))
        var at: Int64 = 1_000_000
        var changes: [String] = []
        for second in 0..<90 {
            let scores = Rows.normal(50, mean: second < 60 ? 0 : 1, seed: UInt64(second))
            book.add(try Rows.prediction(Rows.normal(50, seed: UInt64(second)), scores: scores, at: at))
            at += 1000
            let report = book.report(at: Timestamp(milliseconds: at))
            changes = report.readings.keys.filter { $0.kind == .change }.compactMap(\.subject)
        }
        #expect(changes.contains { $0.hasPrefix("score/") })
        let later = book.report(at: Timestamp(milliseconds: at + 120_000))
        #expect(!later.readings.keys.contains { $0.kind == .change })
    }

    @Test("errors, latency and rate of the last minute, faults of callers left out")
    func service() throws {
        let book = Rows.book(nil)
        for index in 0..<1000 {
            let outcome: InferenceObservation.Outcome =
                index % 10 == 0 ? .failure(.internal) : index % 10 == 1 ? .failure(.invalidInput) : .success
            book.add(.sample(version: 3, outcome: outcome))
            if index % 100 == 99 { _ = book.report(at: Timestamp(milliseconds: 1_000_000 + Int64(index) * 10)) }
        }
        let report = book.report(at: Timestamp(milliseconds: 1_010_000))
        let errors = try #require(report.reading(.errorRate))
        #expect(errors.samples == 900)
        #expect(abs(errors.value - 100.0 / 900) < 1e-12)
        let latency = try #require(report.reading(.latencyP99))
        // 200 microseconds, within half a cell of 1/16.
        #expect(abs(latency.value - 200e-6) < 200e-6 / 16)
        #expect(report.reading(.requestRate)?.samples == 900)
        #expect(report.reading(.errorRate, version: nil)?.samples == 900)
        // A minute later, nothing of it is left but what few requests reach back to.
        let later = book.report(at: Timestamp(milliseconds: 1_400_000))
        #expect(later.reading(.errorRate) == nil)
    }

    @Test("a burst of errors is told")
    func burst() throws {
        let book = Rows.book(nil)
        for second in 0..<70 {
            for _ in 0..<50 { book.add(.sample(version: 3, outcome: second < 65 ? .success : .failure(.internal))) }
            _ = book.report(at: Timestamp(milliseconds: 1_000_000 + Int64(second) * 1000))
        }
        let report = book.report(at: Timestamp(milliseconds: 1_070_000))
        #expect(report.reading(.change, "error_rate/burst")?.explanation?.contains("error_rate: mean 0 ->") == true)
    }

    @Test("endpoints and versions that nobody configured are left out, removed ones forgotten")
    func unknown() throws {
        let book = Rows.book(nil)
        book.add(.sample(endpoint: "elsewhere"))
        let known = try Rows.prediction([1])
        book.add(
            PredictionObservation(
                requestID: nil, endpoint: "elsewhere", version: known.version, route: .primary, at: known.at,
                inputs: known.inputs, outputs: known.outputs, parameters: [:], rows: 1, total: .zero))
        book.add(.sample(version: 9))
        #expect(book.report(at: Timestamp(milliseconds: 1)).readings.keys.allSatisfy { $0.endpoint == "fraud" })
        book.remove(endpoint: "fraud")
        #expect(book.report(at: Timestamp(milliseconds: 2)).readings.isEmpty)
    }

    @Test("requests of a number that two models have count for neither")
    func sameNumber() {
        let (one, two) = (VersionID(model: "a", number: 1), VersionID(model: "b", number: 1))
        let book = MonitorBook(replica: "r")
        book.configure(endpoint: "fraud", spec: MonitoringSpec(), versions: [one, two], profiles: [:])
        for _ in 0..<100 { book.add(InferenceObservation.sample(outcome: .failure(.internal))) }
        let report = book.report(at: Timestamp(milliseconds: 1_000_000))
        #expect(report.reading(.errorRate, version: nil)?.value == 1)
        #expect(report.reading(.errorRate, version: one) == nil && report.reading(.errorRate, version: two) == nil)
    }

    @Test("faults before a version is chosen burn the endpoint's budget")
    func unrouted() {
        let book = Rows.book(nil)
        func burns(_ version: Int?, at milliseconds: Int64) -> Bool {
            for _ in 0..<100 {
                book.add(InferenceObservation.sample(version: version, outcome: .failure(.unavailable)))
            }
            let report = book.report(at: Timestamp(milliseconds: milliseconds))
            return report.readings.keys.contains { $0.kind == .burnRate && $0.version == nil }
        }
        // What a version did is told of the version alone.
        #expect(!burns(Rows.version.number, at: 1_000_000))
        #expect(burns(nil, at: 2_000_000))
    }
}
