// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("What is known of predictions")
struct LabelStateTests {
    /// The rules said plainly: a list that is searched from end to end.
    private struct Model {
        struct Part {
            var record: PredictionRecord
            var at: Int64
            var isWaiting = true
            var isExpired = false
            var kpis: [String] = []
            var cost: Int {
                PredictionRing.cost(JournalCodec.encode(.prediction(record)).count)
                    + (kpis.isEmpty ? 0 : kpis.reduce(96) { $0 + 32 + $1.utf8.count })
            }
        }
        let limits: LabelLimits
        var parts: [Part] = []
        var clock = Int64.min
        var expired = 0
        var evicted = 0
        var labelled: [VersionID: Int] = [:]
        var unlabelled: [VersionID: Int] = [:]
        var bytes: Int { parts.reduce(0) { $0 + $1.cost } }
        var waiting: Int { parts.count { $0.isWaiting } }

        mutating func apply(_ record: JournalRecord) {
            switch record {
            case .prediction(let prediction):
                advance(to: prediction.at.milliseconds)
                let others = parts.filter { $0.record.requestID == prediction.requestID }
                guard others.count < 8, !others.contains(where: { $0.record.version == prediction.version }) else {
                    return
                }
                parts.append(Part(record: prediction, at: prediction.at.milliseconds))
            case .feedback(let join):
                advance(to: join.at.milliseconds)
                let found = parts.firstIndex {
                    $0.record.requestID == join.requestID && $0.record.version == join.version
                }
                if let found {
                    if parts[found].isWaiting, !join.outcomes.isEmpty {
                        parts[found].isWaiting = false
                        labelled[join.version, default: 0] += 1
                    }
                    parts[found].kpis += join.kpis.keys.filter { !parts[found].kpis.contains($0) }.sorted()
                } else if !join.outcomes.isEmpty {
                    labelled[join.version, default: 0] += 1
                }
            case .clockStep(let at, let back):
                for index in parts.indices { parts[index].at -= back }
                clock = at.milliseconds
            }
            while bytes > limits.budgetBytes { remove() }
        }

        mutating func advance(to now: Int64) {
            guard now > clock else { return }
            clock = now
            for index in parts.indices where parts[index].isWaiting && clock - parts[index].at > limits.labelWindow {
                (parts[index].isWaiting, parts[index].isExpired) = (false, true)
                expired += 1
                unlabelled[parts[index].record.version, default: 0] += 1
            }
            while let first = parts.first, clock - first.at > 2 * limits.labelWindow { remove() }
        }

        mutating func remove() {
            let first = parts.removeFirst()
            guard first.isWaiting else { return }
            evicted += 1
            unlabelled[first.record.version, default: 0] += 1
        }
    }

    private static func limits(_ change: (inout MonitoringSpec) -> Void) -> LabelLimits {
        var spec = MonitoringSpec()
        spec.labelBudgetBytes = 64 << 10
        // One window for all, so that its sums are those of the model.
        (spec.windowSeconds, spec.buckets) = (10_000_000, 10)
        change(&spec)
        return LabelLimits(spec)
    }

    private static func prediction(
        _ id: String, version: Int = 1, at: Timestamp, names: [String] = []
    ) -> PredictionRecord {
        PredictionRecord(
            requestID: id, version: VersionID(model: "fraud", number: version), at: at, rows: max(1, names.count),
            answers: names.isEmpty ? .numbers([1]) : .names(names, confidences: []))
    }

    private static func label(
        _ id: String, version: Int = 1, at: Timestamp, kpis: [String: Double] = [:], isLabel: Bool = true
    ) -> JoinRecord {
        var join = JoinRecord(
            requestID: id, version: VersionID(model: "fraud", number: version), at: at, predictedAt: at)
        if isLabel { join.outcomes = [.init(segment: nil, value: .measured(predicted: 1, actual: 2))] }
        join.kpis = kpis
        return join
    }

    @Test(
        "follows its rules: windows, budget, versions, clocks that are put back",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func rules(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // Odd seeds reach the budget, even ones the end of the label window; some have more versions than are numbered.
        let limits = Self.limits { $0.labelWindowSeconds = seed % 2 == 1 ? 100_000 : 30 }
        let versions = seed % 4 == 3 ? 200 : 3
        var state = LabelState(limits: limits)
        var model = Model(limits: limits)
        var now = 0.0
        for step in 0..<2500 {
            now += random.unit() * 2
            if random.below(400) == 0, now > 100 {
                let back = Int64(random.below(90) * 1000)
                now -= Double(back) / 1000
                let record = JournalRecord.clockStep(at: .second(now), by: back)
                state.apply(record)
                model.apply(record)
            }
            let at = Timestamp.second(now)
            let id = "r\(random.below(step + 1))"
            let version = 1 + random.below(versions)
            let record: JournalRecord =
                switch random.below(8) {
                case 0:
                    .feedback(Self.label(id, version: version, at: at))
                case 1:
                    .feedback(
                        Self.label(
                            id, version: version, at: at, kpis: ["k\(random.below(20))": 1], isLabel: step % 2 == 0))
                case 2:
                    .prediction(
                        Self.prediction(
                            id, version: version, at: at,
                            names: (0..<random.below(300)).map { "class \($0)" }))
                default:
                    .prediction(Self.prediction("r\(step)", version: version, at: at))
                }
            state.apply(record)
            model.apply(record)
            #expect(state.waiting == model.waiting)
            #expect(state.bytes == model.bytes)
            #expect(state.expired == model.expired)
            #expect(state.evicted == model.evicted)
            guard step % 50 == 0 else { continue }
            let quality = state.quality.merged(at: at).versions
            #expect(quality.values.reduce(0) { $0 + $1.labelled } <= model.labelled.values.reduce(0, +))
            // More versions than a window holds are counted in part.
            guard versions <= 16 else { continue }
            for (version, count) in model.labelled { #expect(quality[version]?.labelled ?? 0 == count) }
            for (version, count) in model.unlabelled { #expect(quality[version]?.unlabelled ?? 0 == count) }
            let ids = Set(model.parts.map { $0.record.requestID })
            for number in 0...step { #expect(state.contains("r\(number)") == ids.contains("r\(number)")) }
        }
        #expect(seed % 2 == 1 ? model.evicted > 100 : model.expired > 100)
    }

    @Test("ends the waiting of predictions that come when none waits any more, wherever a chunk ends")
    func seldom() {
        var state = LabelState(
            limits: Self.limits { spec in
                spec.labelWindowSeconds = 10
                spec.labelBudgetBytes = 64 << 10
            })
        for step in 0..<4000 {
            let at = Timestamp.second(Double(step) * 15)
            // Of many lengths, so that some just fit in a chunk and some just do not.
            let names = (0..<(1 + step % 60)).map { "class \($0)" }
            state.apply(.prediction(Self.prediction("r\(step)", at: at, names: names)))
            #expect(state.waiting == 1)
            state.advance(to: .second(Double(step) * 15 + 12))
            #expect(state.waiting == 0 && state.expired == step + 1)
        }
    }

    @Test("stays within its bytes when one prediction is larger than all of them")
    func oversized() {
        var state = LabelState(limits: Self.limits { _ in })
        state.apply(.prediction(Self.prediction("small", at: .second(0))))
        let names = (0..<4096).map { "a rather long name of a class, so that all together are much \($0)" }
        state.apply(.prediction(Self.prediction("large", at: .second(1), names: names)))
        #expect(state.bytes == 0 && state.waiting == 0 && state.evicted == 2)
        state.apply(.prediction(Self.prediction("next", at: .second(2))))
        #expect(state.contains("next") && !state.contains("large") && !state.contains("small"))
    }

    @Test("bears what a damaged journal says of clocks")
    func wildClocks() {
        var state = LabelState(limits: Self.limits { $0.windowSeconds = 1 })
        for step in 0..<10_000 {
            state.apply(.prediction(Self.prediction("r\(step)", at: .second(Double(step)))))
            state.apply(.feedback(Self.label("r\(step)", at: .second(Double(step)))))
            state.apply(.clockStep(at: .second(Double(step)), by: 1 << 51))
        }
        #expect(state.bytes <= 64 << 10)
    }

    @Test("is the same whatever passed through it before")
    func equality() {
        let limits = Self.limits { $0.labelWindowSeconds = 60 }
        var one = LabelState(limits: limits)
        for step in 0..<5000 { one.apply(.prediction(Self.prediction("old \(step)", at: .second(0)))) }
        // They expire, are forgotten, and long after the window has lost them too.
        one.advance(to: .second(100))
        one.advance(to: .second(200))
        var other = LabelState(limits: limits)
        func apply(_ record: JournalRecord, toOther: Bool = true) -> Bool {
            one.apply(record)
            if toOther { other.apply(record) }
            return one == other
        }
        let later = Timestamp.second(20_000_000)
        for step in 0..<20 { _ = apply(.prediction(Self.prediction("r\(step)", at: later))) }
        // What comes for the window takes the old parts out of it.
        let label = JournalRecord.feedback(Self.label("r1", at: later, kpis: ["revenue": 1]))
        #expect(apply(label, toOther: false) == false)
        #expect(apply(label) == true)
        #expect(apply(.prediction(Self.prediction("another", at: later)), toOther: false) == false)
    }
}
