// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Step planner: shared prefixes")
struct PlannerSharingTests {
    private func rig(cells: Int = 8_192, sequences: Int = 64, canTrim: Bool = true) -> PlannerRig {
        PlannerRig(
            .init(cells: cells, batch: 256, sequences: sequences, targetStep: .milliseconds(50), canTrim: canTrim))
    }

    private func prompt(_ count: Int, seed: UInt64) -> [TokenID] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in TokenID.random(in: 0...9_999, using: &random) }
    }

    @Test("eight prompts with one prefix, arriving together, compute it once")
    func inFlight() {
        let rig = rig()
        let stem = prompt(800, seed: 1)
        for id in 1...8 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: stem + prompt(10, seed: 100 + id), maximumTokens: 8))
        }
        #expect(rig.drain())
        #expect(rig.prefillTokens == 800 + 8 * 10)
        for id in 2...8 as ClosedRange<UInt64> { #expect(rig.records[id]?.generated.count == 8) }
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("choices of one prompt compute all of it but the last token once")
    func choices() {
        let rig = rig()
        for id in 1...5 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: prompt(300, seed: 1), maximumTokens: 4))
        }
        rig.step()
        #expect(rig.planner.progress(5)?.computedPromptTokens == 0)
        #expect(rig.drain())
        #expect(rig.prefillTokens == 300 + 4)
    }

    @Test("prefixes of prefixes are computed once in a chain")
    func chain() {
        let rig = rig()
        let stem = prompt(900, seed: 1)
        for id in 1...4 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: stem[..<(200 * Int(id))] + prompt(9, seed: id), maximumTokens: 2))
        }
        #expect(rig.drain())
        #expect(rig.prefillTokens == 800 + 4 * 9)
    }

    @Test("who waits for a prefix goes on when its leader leaves", arguments: 1...4)
    func leaderLeaves(steps: Int) {
        let rig = rig()
        let stem = prompt(1_000, seed: 1)
        for id in 1...3 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: stem + prompt(10, seed: id), maximumTokens: 2))
        }
        for _ in 0..<steps { rig.step() }
        rig.cancel(1)
        #expect(rig.drain())
        // What the leader computed of the prefix was not computed again; of its own end, at most those ten.
        #expect(rig.prefillTokens <= 1_000 + 3 * 10)
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("a leader becomes as urgent as who waits for it")
    func inherits() {
        let rig = rig()
        let stem = prompt(600, seed: 1)
        rig.submit(.init(id: 1, prompt: stem + prompt(4_000, seed: 2), maximumTokens: 2, urgency: 7))
        rig.step()
        rig.submit(.init(id: 2, prompt: prompt(500, seed: 3), maximumTokens: 2, urgency: 4))
        rig.submit(.init(id: 3, prompt: stem + prompt(10, seed: 4), maximumTokens: 2, urgency: 0))
        #expect(rig.drain())
        let first = rig.records.mapValues { $0.firstToken ?? rig.now }
        #expect((first[3] ?? rig.now) < (first[2] ?? rig.now))
        #expect((first[2] ?? rig.now) < (first[1] ?? rig.now))
    }

    @Test("a conversation goes on from its own sequence, without a copy", arguments: [true, false])
    func conversation(canTrim: Bool) {
        let rig = rig(canTrim: canTrim)
        var text = prompt(200, seed: 1)
        for turn in 1...4 as ClosedRange<UInt64> {
            rig.submit(.init(id: turn, prompt: text, maximumTokens: 20))
            #expect(rig.drain())
            text += (rig.records[turn]?.generated ?? []) + prompt(10, seed: 10 + turn)
        }
        // Each turn computes the last token sampled in the one before, and what was added.
        #expect(rig.prefillTokens == 200 + 3 * 11)
        #expect(rig.planner.progress(4) == nil)
        #expect(!rig.steps.contains { $0.step.actions.contains { if case .copy = $0 { true } else { false } } })
        #expect(rig.planner.snapshot.prefixHitTokens == 219 + 249 + 279)
    }

    @Test("the last token of a known prompt is computed anew")
    func known() {
        let rig = rig()
        for id in 1...2 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: prompt(100, seed: 1), maximumTokens: 2))
            #expect(rig.drain())
        }
        #expect(rig.prefillTokens == 101)
    }

    @Test("prompts with all outputs give and do not take; private ones do neither")
    func apart() {
        let rig = rig()
        let text = prompt(100, seed: 1)
        let jobs = [
            GenerationJob(id: 1, prompt: text, maximumTokens: 0, sharesPrefix: false),
            GenerationJob(id: 2, prompt: text, maximumTokens: 0),
            GenerationJob(id: 3, prompt: text, maximumTokens: 0, promptOutputs: .all),
            GenerationJob(id: 4, prompt: text, maximumTokens: 0, sharesPrefix: false),
            GenerationJob(id: 5, prompt: text, maximumTokens: 0),
        ]
        for job in jobs {
            rig.submit(job)
            #expect(rig.drain())
        }
        #expect(rig.steps.map { $0.step.prefillTokens }.filter { $0 > 0 } == [100, 100, 100, 100, 1])
        #expect(rig.planner.snapshot.cellsUsed <= 2 * 100 + 1)
    }

    @Test("the prefix used longest ago goes first, from its end")
    func leastRecent() {
        let rig = rig(cells: 400, sequences: 8)
        for id in 1...3 as ClosedRange<UInt64> {
            rig.submit(.init(id: id, prompt: prompt(100, seed: id), maximumTokens: 1))
            #expect(rig.drain())
        }
        rig.submit(.init(id: 4, prompt: prompt(150, seed: 4), maximumTokens: 1))
        #expect(rig.drain())
        #expect(rig.planner.snapshot.evictions == 1)
        rig.submit(.init(id: 5, prompt: prompt(100, seed: 1), maximumTokens: 1))
        rig.step()
        // 50 cells were missing; 64 are cut at once.
        #expect(rig.planner.snapshot.prefixHitTokens == 36)
    }
}
