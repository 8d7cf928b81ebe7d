// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Synchronization
import Testing

@Suite("Labels over restarts")
struct ExactlyOnceTests {
    /// What clients did: predictions and calls of feedback, in time.
    enum Step {
        case predict(PredictionObservation)
        case tell([Feedback], at: Timestamp)
    }

    /// A random history: several versions, repeated labels, unknown ids, labels that come too late.
    static func history(seed: UInt64, count: Int) throws -> [Step] {
        var random = SplitMix64(seed: seed)
        var made = 0
        return try (0..<count).map { index in
            let now = Timestamp.second(Double(index) * 2)
            if index == 0 || random.below(2) == 0 {
                made += 1
                let scores = (0..<(1 + random.below(2))).map { _ in Float(random.unit()) }
                return .predict(
                    try .scored("r\(made)", scores, at: now, version: 1 + random.below(2))
                        .with("country", .string("c\(random.below(3))")))
            }
            let feedback = (0..<(1 + random.below(3))).map { _ -> Feedback in
                let id = "r\(1 + random.below(made + 1))"
                let label: FeedbackValue =
                    random.below(2) == 0 ? .number(Double(random.below(3))) : .list([.number(1), .number(0)])
                let kpis = random.below(3) == 0 ? ["revenue": Double(random.below(10))] : [:]
                return Feedback(requestID: id, label: random.below(5) == 0 ? nil : label, kpis: kpis)
            }
            return .tell(feedback, at: now)
        }
    }

    static func spec(_ spec: inout MonitoringSpec) {
        spec.labelWindowSeconds = 120
        spec.windowSeconds = 3600
        spec.segment = "parameter:country"
    }

    static func run(_ step: Step, on join: LabelJoin) -> [FeedbackResult] {
        switch step {
        case .predict(let prediction):
            join.expect(prediction)
            return []
        case .tell(let feedback, let at):
            return join.join(feedback, at: at)
        }
    }

    @Test("are counted as if there had been no restart, wherever it happens", arguments: [1, 2, 3, 4] as [UInt64])
    func restarts(seed: UInt64) throws {
        let steps = try Self.history(seed: seed, count: 60)
        let end = Timestamp.second(120)
        let whole = try LabelJoin.fresh(change: Self.spec)
        let answers = steps.map { Self.run($0, on: whole) }
        _ = whole.readings(at: end)
        for kill in 0...steps.count {
            let journal = MemoryLabelJournal(maximumCount: 100_000)
            var join = try LabelJoin.fresh(journal, change: Self.spec)
            for (index, step) in steps.enumerated() {
                if index == kill {
                    join.close()
                    join = try LabelJoin.fresh(journal, now: .second(Double(index) * 2), change: Self.spec)
                }
                #expect(Self.run(step, on: join) == answers[index])
            }
            _ = join.readings(at: end)
            #expect(join.snapshot == whole.snapshot)
        }
    }

    @Test("stay counted when the process dies at any write, and no other twice", arguments: [5, 6, 7] as [UInt64])
    func deaths(seed: UInt64) throws {
        let steps = try Self.history(seed: seed, count: 60)
        for writes in 0..<40 {
            let journal = DyingJournal(writes: writes)
            let join = try LabelJoin.fresh(journal, change: Self.spec)
            var acknowledged: [String: Int] = [:]
            for step in steps {
                let results = Self.run(step, on: join)
                guard case .tell(let feedback, _) = step else { continue }
                for (one, result) in zip(feedback, results) where result == .joined && one.label != nil {
                    acknowledged[one.requestID, default: 0] += 1
                }
            }
            let restarted = try LabelJoin.fresh(journal.inner, now: .second(120), change: Self.spec)
            // Nothing that was acknowledged is missing: sent again, it is known.
            for id in acknowledged.keys {
                let again = restarted.join([.label(id, .list([.number(1), .number(0)]))], at: .second(120))
                #expect(again != [.joined])
            }
            let joins = journal.inner.records.compactMap { record -> String? in
                guard case .feedback(let join) = record, !join.outcomes.isEmpty else { return nil }
                return join.requestID
            }
            #expect(Set(joins).count == joins.count)
            let counted = restarted.summaries(at: .second(120)).reduce(0) { $0 + $1.labelled }
            #expect(counted == joins.count)
            #expect(Set(acknowledged.keys).isSubset(of: joins))
        }
    }
}

/// A journal that dies after some writes: it takes nothing any more.
private final class DyingJournal: LabelJournal {
    struct Dead: Error {}
    let inner = MemoryLabelJournal(maximumCount: 100_000)
    private let left: Mutex<Int>

    init(writes: Int) { left = Mutex(writes) }

    var horizon: JournalHorizon { inner.horizon }
    func append(_ draft: JournalDraft) throws {
        guard
            left.withLock({ left in
                left -= 1; return left >= 0
            })
        else { throw Dead() }
        inner.append(draft)
    }
    func replay(since: Timestamp, _ body: (JournalRecord) -> Void) { inner.replay(since: since, body) }
    func drop(before horizon: JournalHorizon) { inner.drop(before: horizon) }
}
