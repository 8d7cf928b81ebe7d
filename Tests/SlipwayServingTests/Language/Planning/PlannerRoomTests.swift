// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Step planner: cells, refusals and ends")
struct PlannerRoomTests {
    private func rig(cells: Int = 400, queued: Int = 4, queuedTokens: Int = 1_000, running: Int = 4) -> PlannerRig {
        PlannerRig(
            .init(
                cells: cells, batch: 64, sequences: 16, mostRunning: running, queuedRequests: queued,
                queuedTokens: queuedTokens, targetStep: .milliseconds(50)))
    }

    private func job(_ id: UInt64, _ count: Int, tokens: Int = 4, urgency: Int = 3) -> GenerationJob {
        var random = SplitMix64(seed: id)
        return GenerationJob(
            id: id, prompt: (0..<count).map { _ in TokenID.random(in: 0...9_999, using: &random) },
            maximumTokens: tokens, urgency: urgency)
    }

    @Test("what can never fit is refused with the numbers", arguments: [(401, 0), (400, 2), (1, .max)])
    func tooLong(count: Int, tokens: Int) {
        let needed = tokens == .max ? Int.max : count + max(0, tokens - 1)
        #expect(rig().submit(job(1, count, tokens: tokens)) == .tooLong(tokens: needed, cells: 400))
    }

    @Test("what just fits runs alone to its end")
    func justFits() {
        let rig = rig()
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(rig.submit(job(id, 300, tokens: 101)) == nil)
        }
        #expect(rig.drain())
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("an empty prompt is refused")
    func empty() { #expect(rig().submit(job(1, 0)) == .emptyPrompt) }

    @Test("a full queue refuses, by requests and by tokens, and tells when to come again")
    func refusals() {
        let rig = rig(cells: 10_000)
        #expect(rig.submit(job(1, 5_000)) == nil, "alone, whatever its size")
        #expect(
            rig.submit(job(2, 10)) == .queuedTokens(held: 5_000, limit: 1_000, retryAfter: .seconds(1)))
        rig.cancel(1)
        for id in 3...6 as ClosedRange<UInt64> { #expect(rig.submit(job(id, 10)) == nil) }
        #expect(rig.submit(job(7, 10)) == .queueFull(requests: 4, limit: 4, retryAfter: .seconds(1)))
        #expect(rig.planner.snapshot.queuedTokens == 40)
        #expect(rig.drain())
        #expect(rig.planner.snapshot.queuedTokens == 0)
    }

    @Test("a cancelled job's cells are there for the next step", arguments: 0..<8)
    func cancelled(steps: Int) {
        let rig = rig()
        rig.submit(job(1, 300, tokens: 80))
        for _ in 0..<steps { rig.step() }
        rig.cancel(1)
        rig.submit(job(2, 350, tokens: 1))
        #expect(rig.planner.snapshot.running == 0)
        rig.step()
        #expect(rig.steps.last?.step.work.map(\.id) == [2])
        #expect(rig.drain())
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("when the cache is full the least urgent is parked, and ends well later")
    func parks() {
        // Each reserves 30 and the 128 that an answer is taken for at first, and needs 229.
        let rig = rig(cells: 500)
        for id in 1...3 as ClosedRange<UInt64> {
            rig.submit(job(id, 30, tokens: 200, urgency: id == 2 ? 6 : 3))
        }
        while rig.planner.snapshot.parks == 0, rig.step() {}
        #expect(rig.steps.suffix(1).allSatisfy { !$0.step.work.contains { $0.id == 2 } })
        #expect(rig.drain())
        #expect(rig.planner.snapshot.resumes >= 1)
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("a parked job that is cancelled leaves nothing")
    func cancelParked() {
        let rig = rig(cells: 500)
        for id in 1...3 as ClosedRange<UInt64> { rig.submit(job(id, 30, tokens: 200)) }
        while rig.planner.snapshot.parked == 0, rig.step() {}
        #expect(rig.cache.savedCount == 1)
        rig.cancel(3)
        #expect(rig.planner.snapshot.parked == 0)
        rig.step()
        #expect(rig.cache.savedCount == 0)
    }

    @Test("without room for a single token the job alone in the cache is told, nobody else")
    func hopeless() {
        let rig = rig()
        rig.submit(job(1, 100))
        rig.submit(job(2, 100))
        for _ in 0..<40 where rig.records[1]?.ended == nil { rig.step(.noRoom) }
        #expect([1, 2].filter { rig.records[$0]?.wasFailed == true }.count == 1)
        #expect(rig.problems.isEmpty)
        #expect(rig.drain())
        #expect(rig.records.values.allSatisfy { $0.ended != nil })
    }

    @Test("a failed step fails only the guilty: those that are known, else those that fail alone")
    func failures() {
        var planner = StepPlanner(
            .init(cells: 400, batch: 64, sequences: 16, mostRunning: 2, targetStep: .seconds(1)))
        let now = ContinuousClock.now
        for id in 1...3 as ClosedRange<UInt64> { _ = planner.submit(job(id, 10), now: now) }
        let step = planner.nextStep(now: now)
        #expect(step?.work.map(\.id) == [1, 2])
        #expect(planner.failed([2], now: now) == [2])
        #expect(planner.snapshot.running == 1)
        #expect(planner.nextStep(now: now)?.work.map(\.id) == [1, 3])
        #expect(planner.failed(now: now).isEmpty)
        #expect(planner.nextStep(now: now)?.work.map(\.id) == [3])
        #expect(planner.failed(now: now) == [3])
        #expect(planner.nextStep(now: now)?.work.map(\.id) == [1])
        planner.completed(took: .milliseconds(1), now: now)
        #expect(planner.snapshot.running == 1)
        #expect(planner.snapshot.waiting == 0)
    }

    @Test("prompts whose probabilities are asked for leave outputs to others, and never take more than there are")
    func outputs() {
        let rig = PlannerRig(
            .init(cells: 2_000, batch: 512, sequences: 16, mostRunning: 8, outputs: 64, targetStep: .seconds(10)))
        rig.submit(
            GenerationJob(id: 1, prompt: Array(repeating: 1, count: 500), maximumTokens: 4, promptOutputs: .all))
        for id in 2...6 as ClosedRange<UInt64> { rig.submit(job(id, 20)) }
        #expect(rig.drain())
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("choices of one request wait as one, however large their prompt")
    func furtherChoices() {
        let rig = rig(cells: 10_000)
        rig.submit(job(1, 10))
        for id in 2...9 as ClosedRange<UInt64> {
            var choice = job(id, 900)
            choice.isFurtherChoice = id > 2
            #expect(rig.submit(choice) == nil)
        }
        #expect(rig.planner.snapshot.queuedTokens == 910)
        #expect(rig.drain())
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }

    @Test("nobody takes from a sequence before it is known to be back")
    func restoring() {
        let rig = rig(cells: 500)
        for id in 1...3 as ClosedRange<UInt64> { rig.submit(job(id, 30, tokens: 200)) }
        while rig.planner.snapshot.resumes == 0, rig.step() {
            // The same prompt as one that is parked.
            if rig.planner.snapshot.parks == 1, rig.records[4] == nil { rig.submit(job(4, 30, tokens: 1, urgency: 7)) }
        }
        for (step, _) in rig.steps {
            let restored = step.actions.compactMap { action -> SequenceID? in
                if case .restore(_, let sequence) = action { sequence } else { nil }
            }
            for case .copy(let source, _, _) in step.actions { #expect(!restored.contains(source)) }
        }
        #expect(rig.drain())
        rig.checkEnd()
        #expect(rig.problems.isEmpty && rig.cache.problems.isEmpty)
    }
}
