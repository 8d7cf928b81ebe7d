// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct DataQualityTests {
    private let now = Timestamp(milliseconds: 1_000_500)

    @Test("missing values and values out of range are counted, with requests that show them")
    func missingAndRange() throws {
        let book = Rows.book(try Rows.profile((0..<1000).map { Double($0 % 100) }))
        for (index, value) in [5, .nan, 7, 200, -3, 8, .infinity, 9, 10, 11].enumerated() {
            book.add(try Rows.prediction([value], id: "r\(index)"))
        }
        let report = book.report(at: now)
        let missing = try #require(report.reading(.missingRate, "input"))
        #expect(missing.value == 0.1)
        #expect(missing.reference == 0)
        #expect(missing.samples == 10)
        let range = try #require(report.reading(.outOfRangeRate, "input"))
        // Three of nine that were there.
        #expect(abs(range.value - 3.0 / 9) < 1e-12)
        #expect(range.examples.contains("r3") && range.examples.contains("r4"))
        #expect(range.explanation?.contains("0...99 -> -3...200") == true)
    }

    @Test("outputs that are no number or stuck at their end are told apart")
    func outputs() throws {
        let scores = (0..<1000).map { Double($0) / 999 }
        let book = Rows.book(try Rows.profile(scores, scores: scores))
        book.add(try Rows.prediction([0, 0, 0, 0], scores: [.nan, 1, 1, 0.5]))
        let report = book.report(at: now)
        #expect(report.reading(.notANumberRate, "score")?.value == 0.25)
        let saturated = try #require(report.reading(.saturatedRate, "score"))
        #expect(abs(saturated.value - 2.0 / 3) < 1e-12)
        #expect(saturated.reference == 0.002)
    }

    @Test("a feature that stands still, rows that come again, a tensor of another width")
    func rest() throws {
        let book = Rows.book(try Rows.profile((0..<200).map { Double($0) }, columns: 2))
        for _ in 0..<10 { book.add(try Rows.prediction([4, 5], columns: 2)) }
        var report = book.report(at: now)
        #expect(report.reading(.constantFeature, "input[0]")?.value == 1)
        #expect(report.reading(.duplicateRate)?.value == 0.9)
        #expect(report.reading(.typeErrorRate, "input[1]")?.value == 0)
        for _ in 0..<10 { book.add(try Rows.prediction([4, 5, 6], columns: 3)) }
        report = book.report(at: Timestamp(milliseconds: 1_002_000))
        #expect(report.reading(.typeErrorRate, "input[1]")?.value == 0.5)
    }

    @Test("new categories are counted and their text is not told")
    func categories() throws {
        var builder = ProfileBuilder()
        let known = (0..<300).map { ["red", "green", "blue"][$0 % 3] }
        try builder.add(inputs: ["colour": try Tensor(known, shape: [300])])
        let book = Rows.book(try builder.finish(at: now))
        for value in ["red", "secret", "red", "green"] {
            book.add(
                PredictionObservation(
                    requestID: "id-\(value)", endpoint: "fraud", version: Rows.version, route: .primary, at: now,
                    inputs: ["colour": try Tensor([value], shape: [1])], outputs: NamedTensors(), parameters: [:],
                    rows: 1, total: .zero))
        }
        let report = book.report(at: now)
        let fresh = try #require(report.reading(.newCategoryRate, "colour"))
        #expect(fresh.value == 0.25)
        #expect(fresh.examples == ["id-secret"])
        #expect(fresh.explanation?.contains("secret") == false)
        #expect(report.reading(.distinctValues, "colour")?.value == 3)
        #expect(report.reading(.chiSquare, "colour")?.pValue != nil)
        #expect(report.reading(.psi, "colour")?.explanation?.contains("'blue'") == true)
    }

    @Test("text drifts in length and characters")
    func text() throws {
        var builder = ProfileBuilder()
        let short = (0..<500).map { "word \($0) " + String(repeating: "x", count: $0 % 40) }
        try builder.add(inputs: ["prompt": try Tensor(short, shape: [500])])
        let book = Rows.book(try builder.finish(at: now), spec: Rows.everyRow)
        let long = (0..<500).map { "\($0)" + String(repeating: "123 ", count: 30) }
        book.add(
            PredictionObservation(
                requestID: nil, endpoint: "fraud", version: Rows.version, route: .primary, at: now,
                inputs: ["prompt": try Tensor(long, shape: [500])], outputs: NamedTensors(), parameters: [:],
                rows: 500, total: .zero))
        let reading = try #require(book.report(at: now).reading(.ks, "prompt"))
        #expect(reading.value > 0.9)
        #expect(reading.explanation?.contains("letters") == true || reading.explanation?.contains("digits") == true)
    }

    @Test("generations drift in tokens against a profile of their first ones")
    func tokens() throws {
        let version = VersionID(model: "chat", number: 1)
        let book = MonitorBook(replica: "a")
        book.configure(endpoint: "chat", spec: MonitoringSpec(), versions: [version], profiles: [:])
        for round in 0..<6 {
            for index in 0..<1000 { book.add(.generation(outputTokens: index % 50)) }
            _ = book.report(at: Timestamp(milliseconds: 1_000_000 + Int64(round) * 1000))
        }
        let learned = try #require(book.takeProvisionalProfiles().first)
        #expect(learned.profile.isProvisional)
        #expect(learned.profile.outputs.map(\.name) == ["output_tokens"])
        for _ in 0..<1000 { book.add(.generation(outputTokens: 400)) }
        let report = book.report(at: Timestamp(milliseconds: 1_010_000))
        let key = SignalKey(endpoint: "chat", version: version, kind: .ks, subject: "output_tokens")
        #expect(try #require(report.readings[key]).value > 0.4)
    }

    @Test("a version without a profile makes one of its first rows, once")
    func provisional() throws {
        let book = Rows.book(nil)
        let first = Rows.normal(5000, seed: 1)
        for start in stride(from: 0, to: 5000, by: 500) {
            #expect(book.takeProvisionalProfiles().isEmpty)
            book.add(try Rows.prediction(Array(first[start..<(start + 500)])))
        }
        let made = book.takeProvisionalProfiles()
        #expect(made.count == 1)
        #expect(made.first?.profile.isProvisional == true)
        #expect(made.first?.profile.rows == 5000)
        book.add(try Rows.prediction(Rows.normal(1000, mean: 1, seed: 2)))
        #expect(try #require(book.report(at: now).reading(.psi, "input")).value > 0.5)
        #expect(book.takeProvisionalProfiles().isEmpty)
    }
}
