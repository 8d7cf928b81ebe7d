// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Step planner: random workloads")
struct PlannerSimulationTests {
    /// How a machine and its clients behave.
    struct Weather: Sendable, CustomTestStringConvertible {
        var name: String
        var canTrim = true
        var cells = 160
        var sequences = 8
        var batch = 48
        var cancels = 0
        var faults = 0
        var drafts = 0
        var outputs = Int.max
        var testDescription: String { name }
    }

    static let weathers = [
        Weather(name: "calm"),
        Weather(name: "tight cells", cells: 90),
        Weather(name: "few sequences", sequences: 2),
        Weather(name: "clients leave", cancels: 12),
        Weather(name: "faults", faults: 15),
        Weather(name: "drafts", drafts: 60),
        Weather(name: "tiny batches", batch: 3, drafts: 30),
        Weather(name: "few outputs", drafts: 40, outputs: 1),
        Weather(name: "recurrent", canTrim: false),
        Weather(name: "recurrent storm", canTrim: false, cells: 100, cancels: 8, faults: 12),
        Weather(name: "storm", cells: 100, sequences: 5, cancels: 8, faults: 12, drafts: 40),
    ]

    @Test("every job ends with its own tokens, and nothing leaks", arguments: weathers, 0..<10)
    func workloads(weather: Weather, part: Int) {
        for seed in 0..<30 {
            var random = SplitMix64(seed: UInt64(part * 1_000 + seed))
            let rig = run(weather, &random)
            #expect(rig.problems.isEmpty, "seed \(part * 1_000 + seed): \(rig.problems.prefix(3))")
            #expect(rig.cache.problems.isEmpty, "seed \(part * 1_000 + seed): \(rig.cache.problems.prefix(3))")
        }
    }

    private func run(_ weather: Weather, _ random: inout SplitMix64) -> PlannerRig {
        let rig = PlannerRig(
            .init(
                cells: weather.cells, batch: weather.batch, sequences: weather.sequences,
                mostRunning: Int.random(in: 1...weather.sequences, using: &random), outputs: weather.outputs,
                targetStep: .milliseconds(40), canTrim: weather.canTrim))
        let total = Int.random(in: 4...24, using: &random)
        let stems = (0..<3).map { _ in prompt(Int.random(in: 1...60, using: &random), &random) }
        var submitted = 0
        for _ in 0..<20_000 {
            while submitted < total, chance(submitted < 4 ? 70 : 25, &random) {
                submitted += 1
                rig.submit(job(UInt64(submitted), stems, &random))
            }
            if chance(weather.cancels, &random), let id = rig.open.randomElement(using: &random) { rig.cancel(id) }
            offerDrafts(rig, weather, &random)
            var outcome = PlannerRig.Outcome.completed
            if chance(weather.faults, &random) {
                outcome = [.noRoom, .stopped, .stopped, .failed].randomElement(using: &random) ?? .stopped
            }
            let leaver = chance(weather.cancels, &random) ? rig.open.randomElement(using: &random) : nil
            let didStep = rig.step(outcome) { if let leaver { rig.cancel(leaver) } }
            if chance(weather.faults, &random), let id = rig.open.randomElement(using: &random) {
                rig.loseState(of: id)
            }
            if !didStep, submitted == total { break }
        }
        rig.checkEnd()
        return rig
    }

    private func offerDrafts(_ rig: PlannerRig, _ weather: Weather, _ random: inout SplitMix64) {
        for id in rig.open where rig.planner.wantsDraft(id) && chance(weather.drafts, &random) {
            guard let record = rig.records[id] else { continue }
            let known = record.generated.count
            let truth = SimulatedCache.continuation(of: record.job.prompt, count: known + 5).dropFirst(known)
            rig.planner.offer(draft: truth.map { chance(80, &random) ? $0 : $0 + 1 }, for: id)
        }
    }

    private func job(_ id: GenerationID, _ stems: [[TokenID]], _ random: inout SplitMix64) -> GenerationJob {
        let stem = stems.randomElement(using: &random) ?? [1]
        let head = stem.prefix(Int.random(in: 0...stem.count, using: &random))
        let shared = chance(50, &random) ? stem[...] : head
        return GenerationJob(
            id: id, prompt: shared + prompt(Int.random(in: 1...20, using: &random), &random),
            maximumTokens: chance(10, &random) ? 0 : Int.random(in: 1...30, using: &random),
            urgency: Int.random(in: 0...7, using: &random),
            promptOutputs: chance(10, &random) ? .all : .last, sharesPrefix: chance(85, &random))
    }

    private func prompt(_ count: Int, _ random: inout SplitMix64) -> [TokenID] {
        (0..<count).map { _ in TokenID.random(in: 0...3, using: &random) }
    }

    private func chance(_ percent: Int, _ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }
}
