// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Synchronization
import Testing

@Suite("Joining labels")
struct LabelJoinTests {
    @Test("counts a label once, and answers each piece of feedback in its order")
    func once() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", [0.9]))
        join.expect(try .scored("b", [0.2]))
        let first = join.join(
            [.label("a", .number(1)), .label("x", .number(1)), .label("a", .number(0))], at: .second(1))
        #expect(first == [.joined, .unknown, .duplicate])
        #expect(
            join.join([.label("a", .number(1)), .label("b", .text("1"))], at: .second(1)) == [.duplicate, .joined])
        #expect(join.reading(.accuracy)?.value == 0.5)
        #expect(join.reading(.accuracy)?.samples == 2)
        let counts = join.counts
        #expect([counts.expected, counts.joined, counts.unknown, counts.duplicate, counts.waiting] == [2, 2, 1, 2, 0])
    }

    @Test("answers what comes after the label window as late, and what is forgotten as unknown")
    func late() throws {
        let join = try LabelJoin.fresh { $0.labelWindowSeconds = 60 }
        join.expect(try .scored("a", [0.9]))
        join.expect(try .scored("b", [0.9]))
        #expect(join.join([.label("a", .number(1))], at: .second(60)) == [.joined])
        #expect(join.join([.label("b", .number(1))], at: .second(61)) == [.late])
        #expect(join.join([.label("b", .number(1))], at: .second(121)) == [.unknown])
        #expect(join.counts.expired == 1)
        #expect(join.reading(.labelCoverage, at: .second(121))?.value == 0.5)
    }

    @Test(
        "refuses labels that cannot be of the prediction and counts nothing of them",
        arguments: [
            FeedbackValue.number(.nan), .number(.infinity), .text("cat"), .number(2), .number(0.5),
            .list([.number(1), .number(0)]), .list([.list([.number(1)])]), .list([]),
        ])
    func invalidClass(_ label: FeedbackValue) throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", [0.9]))
        let result = join.join([Feedback(requestID: "a", label: label, kpis: ["revenue": 1])], at: .second(1))
        #expect(result.first?.name == "invalid")
        #expect(join.reading(.accuracy) == nil)
        #expect(join.reading(.kpi, of: "revenue") == nil)
        // The right one may still come.
        #expect(join.join([.label("a", .bool(true))], at: .second(1)) == [.joined])
    }

    @Test(
        "refuses texts and NaN as labels of a number",
        arguments: [FeedbackValue.text("12"), .number(.nan), .bool(true)])
    func invalidNumber(_ label: FeedbackValue) throws {
        let join = try LabelJoin.fresh()
        join.expect(try .measured("a", [1]))
        #expect(join.join([.label("a", label)], at: .second(1)).first?.name == "invalid")
        #expect(join.counts.invalid == 1)
    }

    @Test("refuses feedback that is empty, too long or not finite")
    func malformed() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", [0.9]))
        let long = String(repeating: "x", count: 257)
        let many = Dictionary(uniqueKeysWithValues: (0..<17).map { ("k\($0)", 1.0) })
        let results = join.join(
            [
                Feedback(requestID: "a", label: nil), .label(long, .number(1)), .label("", .number(1)),
                Feedback(requestID: "a", label: nil, kpis: ["k": .nan]),
                Feedback(requestID: "a", label: nil, kpis: many),
                Feedback(requestID: "a", label: nil, kpis: ["": 1]),
                Feedback(requestID: "a", label: .number(1), source: long),
            ], at: .second(1))
        #expect(results.map(\.name) == Array(repeating: "invalid", count: 7))
    }

    @Test("takes one label for each row of a request, in its order")
    func rows() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", [0.9, 0.8, 0.3]))
        #expect(join.join([.label("a", .number(1))], at: .second(1)).first?.name == "invalid")
        #expect(join.join([.label("a", .list([.number(1), .number(0), .text("0")]))], at: .second(1)) == [.joined])
        #expect(join.reading(.accuracy)?.samples == 3)
        // Two of three are right; of two predicted positive one is; the one positive was found.
        #expect(join.reading(.precision)?.value == 0.5)
        #expect(join.reading(.recall)?.value == 1)
    }

    @Test("reads classes from outputs that name them, and confidence from scores beside them")
    func namedClasses() throws {
        let join = try LabelJoin.fresh()
        let outputs: NamedTensors = [
            "label": try Tensor(["cat", "dog"], shape: [2]),
            "probabilities": try Tensor([0.75, 0.25, 0.25, 0.75] as [Float], shape: [2, 2]),
        ]
        join.expect(.sample("a", outputs: outputs, rows: 2))
        #expect(join.join([.label("a", .list([.text("cat"), .text("fox")]))], at: .second(1)) == [.joined])
        #expect(join.reading(.accuracy)?.value == 0.5)
        // Both were 0.75 sure, and half of them right.
        #expect(join.reading(.calibrationError)?.value == 0.25)
        #expect(join.reading(.rocAUC) == nil)
    }

    @Test("measures numbers by their errors")
    func numbers() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .measured("a", [1, 2, 4]))
        #expect(join.join([.label("a", .list([.number(2), .number(2), .number(2)]))], at: .second(1)) == [.joined])
        #expect(join.reading(.mae)?.value == 1)
        // The same sum in the same order.
        #expect(join.reading(.rmse)?.value == (5.0 / 3).squareRoot())
        #expect(join.reading(.mape)?.value == 0.5)
    }

    @Test("tells segments apart by a parameter, and bounds their number")
    func segments() throws {
        let join = try LabelJoin.fresh { $0.segment = "parameter:country" }
        for index in 0..<30 {
            join.expect(try .scored("r\(index)", [0.9]).with("country", .string(index < 25 ? "c\(index)" : "c0")))
            #expect(join.join([.label("r\(index)", .number(index == 0 ? 0 : 1))], at: .second(1)) == [.joined])
        }
        #expect(join.reading(.accuracy, of: "c0")?.samples == 6)
        #expect(join.reading(.accuracy, of: "c1")?.value == 1)
        #expect(join.reading(.accuracy, of: "other")?.samples == 5)
        #expect(join.reading(.accuracy)?.samples == 30)
    }

    @Test("averages business numbers once for each request and name, with a confidence interval")
    func kpis() throws {
        let join = try LabelJoin.fresh()
        for (index, value) in [10.0, 12, 14].enumerated() {
            join.expect(try .scored("r\(index)", [0.9]))
            let feedback = Feedback(requestID: "r\(index)", label: nil, kpis: ["revenue": value])
            #expect(join.join([feedback, feedback], at: .second(1)) == [.joined, .duplicate])
        }
        let reading = try #require(join.reading(.kpi, of: "revenue"))
        #expect(reading.value == 12)
        // Student's t for 2 degrees is 4.3027, times 2 / sqrt 3; the expansion is 3 % short at so few degrees.
        let margin = try #require(reading.margin)
        #expect(abs(margin / 4.9683 - 1) < 0.04)
        #expect(join.reading(.accuracy) == nil)
    }

    @Test("gives a label to the version that served and to shadows, a business number to the former alone")
    func shadows() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", [0.9]))
        join.expect(try .scored("a", [0.1], version: 2, route: .shadow))
        let feedback = Feedback(requestID: "a", label: .number(1), kpis: ["revenue": 3])
        #expect(join.join([feedback, feedback], at: .second(1)) == [.joined, .duplicate])
        #expect(join.reading(.accuracy)?.value == 1)
        #expect(join.reading(.accuracy, version: 2)?.value == 0)
        #expect(join.reading(.kpi, of: "revenue")?.samples == 1)
        #expect(join.reading(.kpi, of: "revenue", version: 2) == nil)
    }

    @Test("forgets the oldest predictions when the byte budget is full, and counts them")
    func budget() throws {
        let join = try LabelJoin.fresh { $0.labelBudgetBytes = 64 << 10 }
        for index in 0..<1000 { join.expect(try .scored("r\(index)", [0.9])) }
        let counts = join.counts
        #expect(counts.bytes <= 64 << 10)
        #expect(counts.evicted > 0)
        #expect(counts.evicted + counts.waiting == 1000)
        #expect(
            join.join([.label("r0", .number(1)), .label("r999", .number(1))], at: .second(1)) == [.unknown, .joined])
    }

    @Test("counts nothing that could not be written down, and takes it when it is sent again")
    func unwritable() throws {
        let journal = FailingJournal()
        let join = try LabelJoin.fresh(journal)
        join.expect(try .scored("a", [0.9]))
        journal.isFull.withLock { $0 = true }
        #expect(
            join.join([.label("a", .number(1)), .label("x", .number(1))], at: .second(1)).map(\.name)
                == ["unavailable", "unknown"])
        #expect(join.reading(.accuracy) == nil)
        journal.isFull.withLock { $0 = false }
        #expect(join.join([.label("a", .number(1))], at: .second(1)) == [.joined])
        #expect(join.reading(.accuracy)?.samples == 1)
    }

    @Test("bears clocks that are put back by hours, and holds still for small steps")
    func clock() throws {
        let journal = MemoryLabelJournal(maximumCount: 1000)
        let join = try LabelJoin.fresh(journal) { $0.labelWindowSeconds = 600 }
        join.expect(try .scored("a", [0.9], at: .second(0)))
        join.expect(try .scored("b", [0.9], at: .second(-7200)))
        join.expect(try .scored("c", [0.9], at: .second(-7201)))
        #expect(
            join.join([.label("a", .number(1)), .label("b", .number(1))], at: .second(-7000)) == [.joined, .joined])
        #expect(join.join([.label("c", .number(1))], at: .second(-6000)) == [.late])
        join.close()
        let again = try LabelJoin.fresh(journal, now: .second(-6000)) { $0.labelWindowSeconds = 600 }
        _ = again.readings(at: .second(-6000))
        #expect(again.snapshot.quality == join.snapshot.quality)
        #expect(again.join([.label("a", .number(1))], at: .second(-6000)).first?.name != "joined")
    }

    @Test("lets labels out of the window when their time is over")
    func window() throws {
        let join = try LabelJoin.fresh { $0.windowSeconds = 60 }
        join.expect(try .scored("a", [0.9]))
        #expect(join.join([.label("a", .number(1))], at: .second(0)) == [.joined])
        #expect(join.reading(.accuracy, at: .second(59))?.samples == 1)
        #expect(join.reading(.accuracy, at: .second(61)) == nil)
    }

    @Test("folds the journal anew where another window is asked for")
    func configure() throws {
        let join = try LabelJoin.fresh { $0.windowSeconds = 60 }
        join.expect(try .scored("a", [0.9]))
        join.expect(try .scored("b", [0.9]))
        #expect(join.join([.label("a", .number(1))], at: .second(0)) == [.joined])
        var spec = MonitoringSpec()
        spec.windowSeconds = 600
        try join.configure(spec: spec, profiles: [:])
        #expect(join.reading(.accuracy, at: .second(61))?.samples == 1)
        #expect(
            join.join([.label("a", .number(1)), .label("b", .number(1))], at: .second(61)) == [.duplicate, .joined])
    }

    @Test("keeps many predictions at once as it keeps them one by one")
    func together() throws {
        var random = SplitMix64(seed: 3)
        let predictions = try (0..<1000).map { index in
            // Ids come twice, some answers predict nothing, and once the clock is put back.
            let at = Timestamp.second(Double(index < 600 ? index : index - 4000))
            return try random.below(10) == 0
                ? .sample("x\(index)", outputs: [:], at: at)
                : PredictionObservation.scored(
                    "r\(random.below(5 * index + 1))", [Float(random.unit())], at: at, version: 1 + random.below(2))
        }
        let (one, other) = (
            try LabelJoin.fresh { $0.labelBudgetBytes = 64 << 10 }, MemoryLabelJournal(maximumCount: 5000)
        )
        let together = try LabelJoin.fresh(other) { $0.labelBudgetBytes = 64 << 10 }
        for prediction in predictions { one.expect(prediction) }
        for start in stride(from: 0, to: 1000, by: 250) { together.expect(Array(predictions[start..<(start + 250)])) }
        #expect(one.counts == together.counts && one.counts.evicted > 100)
        let isSame = one.snapshot == together.snapshot
        #expect(isSame)
        together.close()
        #expect(other.records.count == together.counts.expected + 1)
    }

    @Test("ignores answers without an id, and such that predict nothing")
    func unreadable() throws {
        let join = try LabelJoin.fresh()
        join.expect(.sample(nil, outputs: ["y": try Tensor([1.0], shape: [1])]))
        join.expect(.sample("a", outputs: ["text": try Tensor([1.0, 2, 3], shape: [1, 3])]))
        #expect(join.counts.unreadable == 2)
        #expect(join.counts.expected == 0)
    }
}

/// A journal whose disk is full when a test says so.
private final class FailingJournal: LabelJournal {
    struct Full: Error {}
    let isFull = Mutex(false)
    private let inner = MemoryLabelJournal(maximumCount: 1000)

    var horizon: JournalHorizon { inner.horizon }
    func append(_ draft: JournalDraft) throws {
        if isFull.withLock({ $0 }) { throw Full() }
        inner.append(draft)
    }
    func replay(since: Timestamp, _ body: (JournalRecord) -> Void) { inner.replay(since: since, body) }
    func drop(before horizon: JournalHorizon) { inner.drop(before: horizon) }
}
