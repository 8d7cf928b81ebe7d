// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("Quality of several replicas")
struct QualityReplicasTests {
    /// What a model answers with.
    enum Model: CaseIterable {
        case twoClasses, threeClasses, numbers
    }

    private static let end = Timestamp.second(900)

    private static func prediction(_ model: Model, _ id: String, at: Timestamp, _ random: inout SplitMix64) throws
        -> PredictionObservation
    {
        let version = 1 + random.below(2)
        let made: PredictionObservation
        switch model {
        case .twoClasses: made = try .scored(id, [Float(random.unit())], at: at, version: version)
        case .threeClasses:
            let one = Float(random.unit())
            let two = (1 - one) * Float(random.unit())
            let table = try Tensor([one, two, 1 - one - two], shape: [1, 3])
            made = .sample(id, outputs: ["probabilities": table], at: at, version: version)
        case .numbers: made = try .measured(id, [random.unit() * 10], at: at)
        }
        return made.with("country", .string("c\(random.below(3))"))
    }

    private static func feedback(_ model: Model, _ id: String, _ random: inout SplitMix64) -> Feedback {
        let truth: FeedbackValue =
            switch model {
            case .twoClasses: .number(Double(random.below(2)))
            case .threeClasses: .number(Double(random.below(3)))
            case .numbers: .number(random.unit() * 10)
            }
        return Feedback(
            requestID: id, label: random.below(5) == 0 ? nil : truth, kpis: ["revenue": random.unit() * 100])
    }

    private static func join(_ journal: any LabelJournal = MemoryLabelJournal(maximumCount: 100_000)) throws
        -> LabelJoin
    {
        try .fresh(journal) { spec in
            spec.segment = "parameter:country"
            spec.labelWindowSeconds = 300
            spec.windowSeconds = 600
        }
    }

    /// Lets every join take what all counted until now.
    private static func exchange(_ joins: [LabelJoin], at now: Timestamp = end) {
        let tallies = joins.enumerated().compactMap { $1.tally(replica: "r\($0)") }
        for (index, join) in joins.enumerated() { join.take(tallies, replica: "r\(index)", at: now) }
    }

    @Test("each tells what one that saw everything would", arguments: Model.allCases, [1, 2, 3, 5])
    func sameAsOne(model: Model, count: Int) throws {
        var random = SplitMix64(seed: UInt64(count) + 7)
        let one = try Self.join()
        let joins = try (0..<count).map { _ in try Self.join() }
        for index in 0..<400 {
            // Both ends of the window are within the history: some has left it, and some waiting ended without a label.
            let at = Timestamp.second(Double(index) * 2)
            let prediction = try Self.prediction(model, "r\(index)", at: at, &random)
            let replica = joins[random.below(count)]
            for join in [one, replica] { join.expect(prediction) }
            // All see the time pass, as they do where readings are looked at.
            for join in [one] + joins { _ = join.join([], at: at) }
            guard random.below(3) > 0 else { continue }
            let told = [Self.feedback(model, "r\(index)", &random)]
            #expect(one.join(told, at: at) == replica.join(told, at: at))
        }
        for join in [one] + joins { _ = join.readings(at: Self.end) }
        Self.exchange(joins)
        let expected = one.readings(at: Self.end)
        #expect(expected.keys.contains { $0.subject == "c1" } && expected.keys.contains { $0.kind == .labelCoverage })
        for join in joins {
            let found = join.readings(at: Self.end)
            #expect(Set(found.keys) == Set(expected.keys))
            for (key, reading) in expected {
                // Counts are whole numbers: exact. Sums of at most 400 numbers are added in another order: each
                // addition rounds by 2^-53, and means and roots of them keep that scale.
                #expect(found[key]?.samples == reading.samples)
                #expect(
                    abs((found[key]?.value ?? .nan) - reading.value) <= 1e-12 * max(1, abs(reading.value)), "\(key)")
                #expect(found[key]?.method == reading.method)
                let margins = (found[key]?.margin ?? 0, reading.margin ?? 0)
                // A variance is a difference of sums: of small ones more digits cancel.
                #expect(abs(margins.0 - margins.1) <= 1e-9 * max(1, margins.1), "\(key)")
            }
            let summary = join.summaries(at: Self.end).map(\.all)
            #expect(summary.map(\.rows) == one.summaries(at: Self.end).map(\.all.rows))
            #expect(summary.map(\.confusion) == one.summaries(at: Self.end).map(\.all.confusion))
        }
    }

    @Test("exchanged again and again, nothing is counted twice")
    func again() throws {
        let joins = [try Self.join(), try Self.join()]
        for (index, join) in joins.enumerated() {
            join.expect(try .scored("r\(index)", [0.9]))
            #expect(join.join([.label("r\(index)", .number(Double(index)))], at: .second(1)) == [.joined])
        }
        for _ in 0..<3 { Self.exchange(joins, at: .second(1)) }
        for join in joins {
            #expect(join.reading(.accuracy)?.samples == 2)
            #expect(join.reading(.accuracy)?.value == 0.5)
        }
        // Another label, and only that part of the window changes.
        joins[0].expect(try .scored("r2", [0.9], at: .second(2)))
        #expect(joins[0].join([.label("r2", .number(1))], at: .second(3)) == [.joined])
        Self.exchange(joins, at: .second(3))
        for join in joins { #expect(join.reading(.accuracy, at: .second(3))?.samples == 3) }
    }

    /// A journal that another process goes on with.
    private final class KeptJournal: LabelJournal {
        let inner = MemoryLabelJournal(maximumCount: 1000)
        let name: String? = "0"
        var horizon: JournalHorizon { inner.horizon }
        func append(_ draft: JournalDraft) throws { inner.append(draft) }
        func replay(since: Timestamp, _ body: (JournalRecord) -> Void) throws { inner.replay(since: since, body) }
        func drop(before horizon: JournalHorizon) throws { inner.drop(before: horizon) }
    }

    @Test("a process that goes on with a journal counts in place of the one before, not beside it")
    func restart() throws {
        let journal = KeptJournal()
        let first = try Self.join(journal)
        first.expect(try .scored("r", [0.9]))
        #expect(first.join([.label("r", .number(1))], at: .second(1)) == [.joined])
        let left = try #require(first.tally(replica: "before"))
        let second = try Self.join(journal)
        second.take([left], replica: "after", at: .second(2))
        #expect(second.reading(.accuracy, at: .second(2))?.samples == 1)
        #expect(second.tally(replica: "after")?.writer == left.writer)
        // One that writes another journal takes it.
        let other = try Self.join()
        other.take([left], replica: "beside", at: .second(2))
        #expect(other.reading(.accuracy, at: .second(2))?.samples == 1)
    }

    @Test("what left the window counts no more, and nothing has changed where nothing came")
    func window() throws {
        let one = try Self.join()
        one.expect(try .scored("r", [0.9]))
        #expect(one.join([.label("r", .number(1))], at: .second(1)) == [.joined])
        let tally = try #require(one.tally(replica: "a"))
        _ = one.readings(at: .second(2))
        #expect(one.tally(replica: "a") == tally)
        let other = try Self.join()
        other.take([tally], replica: "b", at: .second(700))
        #expect(other.readings(at: .second(700)).isEmpty)
    }

    @Test("damaged bytes are left out whole", arguments: Model.allCases)
    func damaged(model: Model) throws {
        var random = SplitMix64(seed: 3)
        let one = try Self.join()
        for index in 0..<20 {
            one.expect(try Self.prediction(model, "r\(index)", at: .second(0), &random))
            _ = one.join([Self.feedback(model, "r\(index)", &random)], at: .second(1))
        }
        let whole = try #require(one.tally(replica: "a"))
        let other = try Self.join()
        for position in whole.data.indices {
            var hurt = whole
            hurt.data[position] ^= 0x55
            other.take([hurt], replica: "b", at: .second(2))
            #expect(other.readings(at: .second(2)).isEmpty)
            hurt.data = Array(whole.data[..<position])
            other.take([hurt], replica: "b", at: .second(2))
            #expect(other.readings(at: .second(2)).isEmpty)
        }
        other.take([whole], replica: "b", at: .second(2))
        #expect(!other.readings(at: .second(2)).isEmpty)
    }
}
