// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// What a ``LanguageRunner``'s lane works with: the session and the sequences on it.
final class LanguageLoop: @unchecked Sendable {
    // Unchecked: made on the lane, and touched by it alone.
    struct StepFacts: Sendable {
        let prefillTokens: Int
        let decodeTokens: Int
        let sequences: Int
        let duration: Duration
        let gaps: [Duration]
    }

    let session: any LanguageSession
    private let model: any LanguageModel
    private let observe: @Sendable (StepFacts) -> Void
    private var generations: [GenerationID: Generation] = [:]
    /// States of sequences that were parked.
    private var parked: [GenerationID: [UInt8]] = [:]
    private var batch = TokenBatch()

    init(
        model: any LanguageModel, session: any LanguageSession, observe: @escaping @Sendable (StepFacts) -> Void
    ) {
        self.model = model
        self.session = session
        self.observe = observe
    }

    /// Does one step.
    ///
    /// - Returns: How urgent the next one is; `nil` when there is nothing to do.
    func step(_ state: borrowing Mutex<LanguageRunner.State>, _ stopper: any DecodeStopper) -> CoreUrgency? {
        let (step, over) = state.withLock { plan(&$0) }
        for (generation, error) in over {
            if let error { generation.fail(error) } else { generation.end(.stopped) }
        }
        guard let step else {
            return state.withLock { state in
                // Something may have come since.
                let isIdle =
                    state.arrivals.isEmpty && state.endings.isEmpty && !(state.isStopping && !generations.isEmpty)
                state.isAwake = !isIdle
                return isIdle ? nil : state.urgency
            }
        }
        let lost = perform(step.actions)
        compute(step, state, stopper)
        // Computed again, from its tokens.
        if !lost.isEmpty { state.withLock { state in for id in lost { state.planner.lostState(of: id, now: .now) } } }
        return state.withLock { $0.urgency }
    }

    /// Gives up what is under way; to be called when the lane has ended.
    func abandon() -> [Generation] {
        defer { generations = [:] }
        return Array(generations.values)
    }

    // MARK: - Planning

    /// Takes in what was asked for since the last step, and plans the next.
    private func plan(_ state: inout LanguageRunner.State) -> (PlannedStep?, [(Generation, (any Error)?)]) {
        let now = ContinuousClock.now
        for generation in state.arrivals { generations[generation.id] = generation }
        state.arrivals = []
        var over: [(Generation, (any Error)?)] = []
        if state.isStopping {
            state.endings += generations.keys.map { ($0, ServingError.draining) }
        }
        for (id, error) in state.endings {
            guard let generation = generations.removeValue(forKey: id) else { continue }
            if error == nil { state.planner.finish(id, now: now) } else { state.planner.cancel(id, now: now) }
            over.append((generation, error))
        }
        state.endings = []
        for (id, generation) in generations where state.planner.wantsDraft(id) {
            let draft = generation.draft()
            if !draft.isEmpty { state.planner.offer(draft: draft, for: id) }
        }
        let step = state.planner.nextStep(now: now)
        state.computing = step?.onlyJob
        return (step, over)
    }

    /// Whether there is memory for the state of one more sequence. What is not kept is computed again.
    private var mayPark: Bool {
        parked.values.reduce(0) { $0 + $1.count } < max(Self.leastParkedBytes, session.residentBytes / 2)
    }

    private static let leastParkedBytes = 64 << 20

    /// - Returns: The sequences whose state could not be kept or brought back.
    private func perform(_ actions: [PlannedStep.Action]) -> [GenerationID] {
        var lost: [GenerationID] = []
        for action in actions {
            do throws(EngineError) {
                switch action {
                case .copy(let source, let target, let positions):
                    session.copy(source, to: target, positions: positions)
                case .remove(let sequence, let start): session.remove(sequence, from: start)
                case .save(let sequence, let id):
                    if mayPark { parked[id] = try session.save(sequence) } else { lost.append(id) }
                case .restore(let id, let sequence):
                    if let state = parked[id] { try session.restore(state, as: sequence) } else { lost.append(id) }
                case .discard(let id): parked[id] = nil
                }
            } catch {
                if let id = action.generation { lost.append(id) }
            }
        }
        return lost
    }

    // MARK: - Computing

    private func compute(
        _ step: PlannedStep, _ state: borrowing Mutex<LanguageRunner.State>, _ stopper: any DecodeStopper
    ) {
        let startedAt = ContinuousClock.now
        fill(step, startedAt)
        let outcome = batch.count > 0 ? session.decode(batch) : .decoded
        let endedAt = ContinuousClock.now
        let took = endedAt - startedAt
        switch outcome {
        case .decoded:
            state.withLock {
                $0.ended(stopper)
                $0.planner.completed(took: took, now: endedAt)
            }
            let gaps = choose(step, state)
            observe(
                StepFacts(
                    prefillTokens: step.prefillTokens, decodeTokens: step.tokenCount - step.prefillTokens,
                    sequences: step.work.count, duration: took, gaps: gaps))
        case .noRoom:
            let ids = state.withLock { state in
                state.ended(stopper)
                return state.planner.noRoom(now: endedAt)
            }
            fail(ids, "the cache has no room for a single token of it")
        case .stopped:
            state.withLock {
                $0.ended(stopper)
                $0.planner.stopped(now: endedAt)
            }
        case .failed(let message):
            let ids = state.withLock { state in
                state.ended(stopper)
                return state.planner.failed(now: endedAt)
            }
            fail(ids, message)
        }
    }

    private func fill(_ step: PlannedStep, _ now: ContinuousClock.Instant) {
        batch.removeAll()
        for work in step.work {
            generations[work.id]?.log.firstStep(at: now)
            for (offset, token) in work.tokens.enumerated() {
                let isLast = offset == work.tokens.count - 1
                batch.append(
                    token, at: work.start + offset, of: work.sequence,
                    output: work.outputs == .all || work.outputs == .last && isLast)
            }
        }
    }

    /// Chooses tokens wherever the step asked for output, and tells the planner.
    private func choose(_ step: PlannedStep, _ state: borrowing Mutex<LanguageRunner.State>) -> [Duration] {
        var gaps: [Duration] = []
        var index = 0
        for work in step.work {
            let first = index
            index += work.tokens.count
            guard work.outputs != .none, let generation = generations[work.id], !generation.isOver else { continue }
            do throws(EngineError) {
                if work.isPrefill, work.outputs == .all { try generation.score(work, first: first, on: session) }
                let reached = work.start + work.tokens.count
                guard work.outputs == .last || !work.isPrefill || reached >= generation.request.prompt.count else {
                    continue
                }
                let draft = work.isPrefill ? [] : work.tokens.dropFirst()
                let cached = state.withLock { $0.planner.progress(work.id)?.cachedTokens ?? 0 }
                let choice = try generation.choose(
                    outputs: index - 1 - draft.count..<index, draft: draft, on: session, isEnd: model.isEnd,
                    cachedTokens: cached)
                gaps += choice.gaps
                state.withLock { state in
                    let now = ContinuousClock.now
                    if !choice.tokens.isEmpty { state.planner.sampled(work.id, tokens: choice.tokens, now: now) }
                    if choice.isOver { state.planner.finish(work.id, now: now) }
                }
                if choice.isOver { generations[work.id] = nil }
            } catch {
                generations[work.id] = nil
                generation.fail(error)
                state.withLock { $0.planner.cancel(work.id, now: .now) }
            }
        }
        return gaps
    }

    private func fail(_ ids: [GenerationID], _ message: String) {
        for id in ids {
            generations.removeValue(forKey: id)?.fail(
                EngineError(code: .executionFailed, message: "the model failed to compute: \(message)"))
        }
    }
}

extension LanguageRunner.State {
    /// The step was computed, or was not: whoever wanted it stopped is late, and must not stop the next one.
    fileprivate mutating func ended(_ stopper: any DecodeStopper) {
        computing = nil
        if !isStopping { stopper.reset() }
    }
}

extension PlannedStep.Action {
    /// Whose state it is about, if it is about a state.
    fileprivate var generation: GenerationID? {
        switch self {
        case .save(_, let id), .restore(let id, _), .discard(let id): id
        case .copy, .remove: nil
        }
    }
}
