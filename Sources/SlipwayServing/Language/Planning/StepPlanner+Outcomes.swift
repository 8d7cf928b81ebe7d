// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// What became of a step.
extension StepPlanner {
    /// The step was computed.
    package mutating func completed(took: Duration, now: ContinuousClock.Instant) {
        guard let work = pending else { return }
        pending = nil
        stepCap = nil
        timeModel.observe(pendingLoad, took: took)
        for part in work {
            guard let job = jobs[part.id] else { continue }
            let computed = part.start + part.tokens.count
            tree.append(part.tokens, to: part.sequence)
            // One that was brought back is known to be sound now.
            if job.job.sharesPrefix { shared.insert(part.sequence) }
            jobs[part.id]?.computed = computed
            if part.isPrefill {
                if part.outputs == .all { jobs[part.id]?.told = max(job.told, computed) }
                changes += 1
                wakeFollowers(of: part.id, reached: computed)
            } else {
                jobs[part.id]?.unverified = part.tokens.count - 1
            }
        }
        settle(now: now)
    }

    /// The cache had no cells for the step, and nothing changed in it: something is evicted or parked, or the next
    /// step is made smaller.
    ///
    /// - Returns: Who must be told of an error and is no more: a job that was alone in the cache, when there was no
    ///   room for a single token of it. Else nobody.
    package mutating func noRoom(now: ContinuousClock.Instant) -> [GenerationID] {
        guard let work = pending else { return [] }
        pending = nil
        settle(now: now)
        let tokens = work.reduce(0) { $0 + $1.tokens.count }
        if evict(max(tokens, Rule.leastEvicted)) > 0 || parkOne() { return [] }
        if tokens > 1 {
            stepCap = max(1, tokens / 2)
            return []
        }
        return remove(work.map(\.id), now: now)
    }

    /// The step was aborted: its positions are removed, and its jobs go on from before it.
    package mutating func stopped(now: ContinuousClock.Instant) {
        guard let work = pending else { return }
        pending = nil
        for part in work { rollBack(part) }
        settle(now: now)
    }

    /// The engine failed on the step. Where it is not known by whose fault, its jobs are tried again, each alone.
    ///
    /// - Parameter ids: Whose fault it is, where that is known; empty where it is not.
    /// - Returns: Who must be told of the error and is no more. The others go on from before the step.
    package mutating func failed(_ ids: [GenerationID] = [], now: ContinuousClock.Instant) -> [GenerationID] {
        guard let work = pending else { return [] }
        pending = nil
        for part in work { rollBack(part) }
        settle(now: now)
        // What recurrent models have to compute again after a failure is too much to be tried.
        if ids.isEmpty, work.count > 1, configuration.canTrim {
            suspects = work.map(\.id)
            return []
        }
        let gone = work.map(\.id).filter { ids.isEmpty || ids.contains($0) }
        return remove(gone, now: now)
    }

    /// What followed a job's last work, after the step completed.
    ///
    /// - Parameter tokens: One token; with a draft, as many of its first tokens as were accepted, then the one sampled
    ///   after them. The last one is not in the cache.
    package mutating func sampled(_ id: GenerationID, tokens: [TokenID], now: ContinuousClock.Instant) {
        guard pending == nil, !tokens.isEmpty, let place = awaited(id) else { return }
        let accepted = min(tokens.count - 1, place.unverified)
        let computed = place.known + accepted
        cut(place.sequence, to: computed)
        jobs[id]?.computed = computed
        jobs[id]?.unverified = 0
        jobs[id]?.generated.append(contentsOf: tokens.prefix(accepted + 1))
    }

    /// Where a job is whose next token is to be sampled. Numbers only: a copy of the job would make its text be copied.
    private func awaited(_ id: GenerationID) -> (sequence: SequenceID, known: Int, unverified: Int)? {
        guard let job = jobs[id], job.phase == .running, job.computed - job.unverified == job.known else { return nil }
        return (job.sequence, job.known, job.unverified)
    }

    /// A state could not be saved or brought back: the job computes what it had again, when there is room. All actions
    /// of the step are still to be performed.
    package mutating func lostState(of id: GenerationID, now: ContinuousClock.Instant) {
        guard let job = jobs[id], pending?.contains(where: { $0.id == id }) != true else { return }
        switch job.phase {
        case .waiting, .following: return
        case .parked(let isSaved):
            if isSaved { actions.append(.discard(id)) }
        case .running:
            wakeFollowers(of: id, reached: .max)
            actions.append(.remove(job.sequence, from: 0))
            drop(job.sequence)
            running.removeAll { $0 == id }
            parked.append(id)
        }
        jobs[id]?.phase = .parked(isSaved: false)
        jobs[id]?.computed = 0
        changes += 1
    }

    /// Nothing of a work is in the cache, but for what a recurrent model cannot forget: that is computed anew.
    private mutating func rollBack(_ part: PlannedStep.Work) {
        if configuration.canTrim {
            actions.append(.remove(part.sequence, from: part.start))
        } else {
            tree.trim(part.sequence, to: 0)
            actions.append(.remove(part.sequence, from: 0))
            jobs[part.id]?.computed = 0
            changes += 1
        }
    }

    private mutating func remove(_ ids: [GenerationID], now: ContinuousClock.Instant) -> [GenerationID] {
        var gone: [GenerationID] = []
        for id in ids {
            guard let job = jobs[id], job.phase == .running else { continue }
            leave(id, now: now)
            drop(job.sequence)
            gone.append(id)
        }
        return gone
    }

    /// Ends that were told while the step was under way.
    private mutating func settle(now: ContinuousClock.Instant) {
        let ends = deferred
        deferred = []
        for (id, isFinished) in ends { end(id, isFinished: isFinished, now: now) }
    }
}
