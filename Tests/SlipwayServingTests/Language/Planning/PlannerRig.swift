// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServing
import Testing

/// A planner with a simulated cache, clock and engine.
final class PlannerRig {
    enum Outcome { case completed, noRoom, stopped, failed }

    struct Record {
        let job: GenerationJob
        let submitted: ContinuousClock.Instant
        var generated: [TokenID] = []
        var firstToken: ContinuousClock.Instant?
        var ended: ContinuousClock.Instant?
        var wasCancelled = false
        var wasFailed = false
    }

    var planner: StepPlanner
    let cache: SimulatedCache
    var now = ContinuousClock.now
    var records: [GenerationID: Record] = [:]
    var steps: [(step: PlannedStep, took: Double)] = []
    var problems: [String] = []
    /// Of a step's time: for the step, each decode token, each prefill token, each thousand positions attended to.
    var costs = SIMD4<Double>(0.006, 0.0008, 0.0022, 0.0004)

    init(_ configuration: StepPlanner.Configuration) {
        planner = StepPlanner(configuration)
        cache = SimulatedCache(capacity: configuration.cells, sequences: configuration.sequences)
    }

    var prefillTokens: Int { steps.reduce(0) { $0 + $1.step.prefillTokens } }
    var open: [GenerationID] { records.filter { $0.value.ended == nil }.keys.sorted() }

    @discardableResult
    func submit(_ job: GenerationJob) -> StepPlanner.Refusal? {
        let refusal = planner.submit(job, now: now)
        if refusal == nil { records[job.id] = Record(job: job, submitted: now) }
        return refusal
    }

    func cancel(_ id: GenerationID) {
        planner.cancel(id, now: now)
        records[id]?.wasCancelled = true
        records[id]?.ended = now
    }

    /// One step; `false` when there is nothing to do.
    ///
    /// - Parameter midway: Called while the step is under way.
    @discardableResult
    func step(_ outcome: Outcome = .completed, midway: () -> Void = {}) -> Bool {
        guard let step = planner.nextStep(now: now) else { return false }
        for action in step.actions { cache.perform(action) }
        if cache.cellCount != planner.snapshot.cellsUsed { problems.append("cells are counted wrong") }
        if step.tokenCount > planner.configuration.batch { problems.append("more than a batch") }
        let outputs = step.work.reduce(0) { sum, work in
            sum + (work.outputs == .all ? work.tokens.count : work.outputs == .last ? 1 : 0)
        }
        if outputs > planner.configuration.outputs { problems.append("more outputs than the session has") }
        midway()
        let took = seconds(of: step)
        now += .seconds(took)
        switch outcome {
        case .completed:
            let outputs = cache.decode(step)
            planner.completed(took: .seconds(took), now: now)
            steps.append((step, took))
            for work in step.work { answer(work, outputs[work.id] ?? []) }
        case .noRoom: end(planner.noRoom(now: now), in: step)
        case .stopped:
            cache.abort(step, tokens: step.tokenCount / 2)
            planner.stopped(now: now)
        case .failed:
            cache.abort(step, tokens: step.tokenCount / 2)
            end(planner.failed(now: now), in: step)
        }
        return true
    }

    /// Steps until nothing is left to do; `false` when that takes more than so many.
    @discardableResult
    func drain(_ most: Int = 20_000) -> Bool {
        for _ in 0..<most where !step() { return true }
        return false
    }

    /// What was saved for a job, or what it has in the cache, cannot be used.
    func loseState(of id: GenerationID) { planner.lostState(of: id, now: now) }

    /// Everything that must hold at the end of a run.
    func checkEnd() {
        for (id, record) in records where !record.wasCancelled && !record.wasFailed {
            if record.ended == nil { problems.append("job \(id) did not end") }
            let expected = SimulatedCache.continuation(of: record.job.prompt, count: record.job.maximumTokens)
            if record.generated != expected { problems.append("job \(id) has other tokens") }
        }
        planner.dropCache()
        step()
        let snapshot = planner.snapshot
        if snapshot.cellsUsed != 0 || cache.cellCount != 0 { problems.append("cells leak") }
        if snapshot.sequencesFree != planner.configuration.sequences || cache.sequenceCount != 0 {
            problems.append("sequences leak")
        }
        if planner.tree.nodeCount != 0 { problems.append("nodes leak") }
        if cache.savedCount != 0 { problems.append("saved states leak") }
        if snapshot.waiting + snapshot.running + snapshot.parked + snapshot.queuedTokens != 0 {
            problems.append("jobs leak")
        }
    }

    private func seconds(of step: PlannedStep) -> Double {
        var load = StepLoad()
        for work in step.work { load.add(work.tokens.count, at: work.start, isPrefill: work.isPrefill) }
        guard step.tokenCount > 0 else { return 0.0001 }
        let features = SIMD4(
            1, Double(load.decodeTokens), Double(load.prefillTokens), load.attended / 1_000)
        return (costs * features).sum()
    }

    private func end(_ ids: [GenerationID], in step: PlannedStep) {
        for id in ids {
            if !step.work.contains(where: { $0.id == id }) { problems.append("a bystander failed") }
            records[id]?.wasFailed = true
            records[id]?.ended = now
        }
    }

    private func answer(_ work: PlannedStep.Work, _ outputs: [TokenID]) {
        guard let record = records[work.id], record.ended == nil, let last = outputs.last else { return }
        let isEnd = work.start + work.tokens.count == record.job.prompt.count
        guard !work.isPrefill || work.outputs == .last || (work.outputs == .all && isEnd) else { return }
        var tokens = [last]
        if !work.isPrefill {
            // A draft's tokens count for as long as each is what the token before it samples.
            tokens = [outputs[0]]
            for index in work.tokens.indices.dropFirst() {
                guard tokens[index - 1] == work.tokens[index] else { break }
                tokens.append(outputs[index])
            }
        }
        if record.firstToken == nil { records[work.id]?.firstToken = now }
        if record.job.maximumTokens > 0 {
            planner.sampled(work.id, tokens: tokens, now: now)
            records[work.id]?.generated += tokens
        }
        if (records[work.id]?.generated.count ?? 0) >= record.job.maximumTokens {
            planner.finish(work.id, now: now)
            records[work.id]?.ended = now
        }
    }
}
