// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

extension StepPlanner {
    /// A step while it is put together.
    private struct Draft {
        var work: [PlannedStep.Work] = []
        var load = StepLoad()
        /// Whether its time matters: somebody waits for the next token, or for the first one.
        var isTimed = false

        var tokens: Int { load.decodeTokens + load.prefillTokens }

        /// Tokens that ask for output.
        var outputs: Int {
            work.reduce(0) { sum, part in
                switch part.outputs {
                case .none: sum
                case .last: sum + 1
                case .all: sum + part.tokens.count
                }
            }
        }

        mutating func add(_ work: PlannedStep.Work) {
            self.work.append(work)
            load.add(work.tokens.count, at: work.start, isPrefill: work.isPrefill)
        }
    }

    /// What to do next; `nil` when there is nothing to do. A step whose outcome was not told counts as stopped.
    package mutating func nextStep(now: ContinuousClock.Instant) -> PlannedStep? {
        if pending != nil { stopped(now: now) }
        let excess = evictableCells - configuration.keptCells
        if excess > 0 { evict(excess) }
        var step: Draft
        repeat {
            chooseSuspect()
            step = Draft()
            addDecodes(to: &step)
            addPrefills(to: &step, now: now)
        } while step.work.isEmpty && suspect != nil
        guard !actions.isEmpty || !step.work.isEmpty else { return nil }
        pending = step.work
        pendingLoad = step.load
        defer { actions = [] }
        return PlannedStep(actions: actions, work: step.work)
    }

    private var target: Double { configuration.targetStep / .seconds(1) }

    private func decoding() -> [GenerationID] {
        running.filter { jobs[$0]?.decodes == true && (suspect == nil || suspect == $0) }
    }

    /// After a step that failed each of its jobs has a step of its own, so that only the guilty one is told.
    private mutating func chooseSuspect() {
        suspect = nil
        while suspect == nil, let id = suspects.popLast() {
            if let job = jobs[id], job.decodes || job.prefills { suspect = id }
        }
    }

    private mutating func addDecodes(to step: inout Draft) {
        // Room for a chunk stays in any case.
        let room = max(1, configuration.batch - min(Rule.smallestChunk, configuration.batch / 2))
        let limit = min(room, stepCap ?? .max)
        var ids = decoding()
        while !makeFree(min(ids.count, limit)), parkOne() { ids = decoding() }
        let count = min(ids.count, limit, freeCells)
        guard count > 0 else { return }
        step.isTimed = true
        let first = ids.count > count ? rotation % ids.count : 0
        if ids.count > count { rotation = (first + count) % ids.count }
        step.load.decodeTokens = count
        let mayDraft = configuration.canTrim && ids.count <= Rule.mostDrafting
        var spare = mayDraft ? min(freeCells, limit, configuration.outputs - Rule.smallestChunk) - count : 0
        var load = StepLoad()
        for offset in 0..<count {
            let id = ids[(first + offset) % ids.count]
            guard let job = jobs[id] else { continue }
            var tokens = job.tokens(job.computed..<job.known)
            if spare > 0, !job.draft.isEmpty {
                // Those not yet added count as well: `load` ends as the whole step's.
                let others = StepLoad(decodeTokens: count - offset - 1)
                let most = min(spare, job.job.maximumTokens - job.generated.count - 1)
                let fitting = fittingDraft(job, atMost: most, load: load, others: others)
                tokens += job.draft.prefix(fitting)
                spare -= fitting
            }
            if !job.draft.isEmpty { jobs[id]?.draft = [] }
            load.add(tokens.count, at: job.computed, isPrefill: false)
            step.work.append(
                .init(
                    id: id, sequence: job.sequence, tokens: tokens, start: job.computed,
                    outputs: tokens.count > 1 ? .all : .last, isPrefill: false))
        }
        step.load = load
    }

    /// How many draft tokens keep the step within the target.
    private func fittingDraft(_ job: PlannedJob, atMost limit: Int, load: StepLoad, others: StepLoad) -> Int {
        var count = min(job.draft.count, limit)
        while count > 0 {
            var whole = load
            whole.decodeTokens += others.decodeTokens
            whole.add(1 + count, at: job.computed, isPrefill: false)
            if timeModel.seconds(whole) <= target { return count }
            count -= 1
        }
        return 0
    }

    private mutating func addPrefills(to step: inout Draft, now: ContinuousClock.Instant) {
        var prefilling: [JobQueue.Entry] = []
        for id in running {
            guard let job = jobs[id], job.prefills, suspect == nil || suspect == id else { continue }
            let goal = job.goal.map { max(1, $0 - job.computed) } ?? .max
            let own = due(job, remaining: min(job.known - job.computed, goal))
            prefilling.append(.init(due: min(own, job.inherited ?? own), id: id))
        }
        prefilling.sort { $0.precedes($1) }
        var index = 0
        var looks = 0
        var mayStart = suspect == nil
        while true {
            let waiting = mayStart && looks < Rule.mostLookedAt ? nextToStart : nil
            if index < prefilling.count, waiting.map({ prefilling[index].precedes($0) }) ?? true {
                index += 1
                guard addChunk(of: prefilling[index - 1].id, to: &step) else { return }
            } else if let waiting {
                looks += 1
                guard step.tokens < min(configuration.batch, stepCap ?? .max) else { return }
                switch start(waiting.id, planned: step.tokens, now: now) {
                case .started: guard addChunk(of: waiting.id, to: &step) else { return }
                case .resumed, .follows: continue
                case .blocked: mayStart = false
                }
            } else {
                return
            }
        }
    }

    /// Adds the next tokens of a prompt. Whether the step may take more of others.
    private mutating func addChunk(of id: GenerationID, to step: inout Draft) -> Bool {
        guard let job = jobs[id], job.prefills else { return true }
        let isFirst = step.load.prefillTokens == 0
        var room = min(configuration.batch, stepCap ?? .max) - step.tokens
        if step.isTimed {
            let fitting = timeModel.prefillTokens(at: job.computed, after: step.load, within: target)
            room = min(room, isFirst ? max(fitting, configuration.smallestChunk) : fitting)
        }
        guard room > 0 else { return false }
        room = min(room, cellsLeft(wanted: min(room, job.known - job.computed), keeping: id, for: step))
        // Also a prompt that asks for its last output only needs one.
        let outputsLeft = configuration.outputs - step.outputs
        if job.job.promptOutputs == .all { room = min(room, outputsLeft) }
        guard room > 0, outputsLeft > 0 else { return false }
        var (count, outputs) = job.chunk(atMost: room)
        if count == room, job.computed + count < job.known {
            let rounded = count / Rule.chunkMultiple * Rule.chunkMultiple
            guard rounded > 0 || isFirst else { return false }
            if rounded > 0 { count = rounded }
            if outputs == .last { outputs = .none }
        }
        guard makeFree(step.tokens + count) else { return false }
        step.add(
            .init(
                id: id, sequence: job.sequence, tokens: job.tokens(job.computed..<(job.computed + count)),
                start: job.computed, outputs: outputs, isPrefill: true))
        if job.computed + count == job.known { step.isTimed = true }
        return true
    }

    /// Cells that a chunk may have. When a step would otherwise hold nothing, others are parked for it.
    private mutating func cellsLeft(wanted: Int, keeping id: GenerationID, for step: Draft) -> Int {
        var left = freeCells - step.tokens
        guard left < wanted else { return left }
        left += evictableCells
        while left < min(wanted, Rule.smallestChunk), step.work.isEmpty, parkOne(but: id) {
            left = freeCells + evictableCells
        }
        return left
    }
}
