// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// Which job starts, and where.
extension StepPlanner {
    enum Start {
        case started
        /// Its state is being brought back; it works from the next step on.
        case resumed
        case follows
        /// There is no room for it, and nobody overtakes it.
        case blocked
    }

    /// The waiting or parked job that is due first.
    var nextToStart: JobQueue.Entry? {
        var best = queue.next
        for id in parked {
            guard let job = jobs[id] else { continue }
            let entry = JobQueue.Entry(due: due(job, remaining: job.known - job.computed), id: id)
            if best.map({ entry.precedes($0) }) ?? true { best = entry }
        }
        return best
    }

    /// - Parameter planned: Tokens of the step so far, whose cells are spoken for.
    mutating func start(_ id: GenerationID, planned: Int, now: ContinuousClock.Instant) -> Start {
        if let blocked, blocked.id == id, blocked.changes == changes { return .blocked }
        guard let job = jobs[id] else { return .blocked }
        let result: Start
        if job.phase == .parked(isSaved: true) {
            result = resume(job, planned: planned)
        } else {
            let match = job.takesPrefix ? find(job) : PrefixTree.Match()
            if case .waiting = job.phase, let leader = leader(for: job, matched: match.count) {
                follow(id, leader.id, until: leader.until)
                return .follows
            }
            result = begin(job, match, now: now)
        }
        blocked = result == .blocked ? (id, changes) : nil
        return result
    }

    /// Whether all that a job may need fits beside what the running ones may need.
    ///
    /// - Parameter taking: Cells it holds from its start on and no job holds now.
    private func fits(_ job: PlannedJob, taking: Int, computed: Int) -> Bool {
        guard !running.isEmpty else { return true }
        guard running.count < configuration.mostRunning else { return false }
        var spoken = tree.cells(heldBy: live) + reserve(job, computed: computed) + taking
        for id in running {
            if let other = jobs[id] { spoken += reserve(other, computed: other.computed) }
        }
        return spoken <= configuration.cells
    }

    private func reserve(_ job: PlannedJob, computed: Int) -> Int {
        max(0, job.known - computed)
            + lengths.reserve(generated: job.generated.count, maximum: job.job.maximumTokens)
    }

    private mutating func begin(
        _ job: PlannedJob, _ match: PrefixTree.Match, now: ContinuousClock.Instant
    ) -> Start {
        let held =
            match.count == 0 ? 0 : tree.cells(ofFirst: match.count, in: match.source, heldBy: live)
        guard fits(job, taking: match.count - held, computed: match.count), let sequence = place(match)
        else { return .blocked }
        enter(job, sequence)
        jobs[job.job.id]?.computed = match.count
        guard case .waiting(let entry) = job.phase else {
            counters.resumes += 1
            return .started
        }
        queue.remove(entry)
        leaveQueue(job, now: now)
        jobs[job.job.id]?.cached = match.count
        if job.takesPrefix {
            counters.prefixQueryTokens += job.job.prompt.count
            counters.prefixHitTokens += match.count
        }
        return .started
    }

    /// A sequence that holds what matched: a cached one as it is where it ends there, else a copy.
    private mutating func place(_ match: PrefixTree.Match) -> SequenceID? {
        let isCached = match.count > 0 && cached.contains(match.source)
        if isCached, match.isWhole {
            cached.remove(match.source)
            return match.source
        }
        if let sequence = takeSequence(sparing: match.count > 0 ? match.source : nil) {
            if match.count > 0 {
                tree.share(match.source, with: sequence, count: match.count)
                actions.append(.copy(match.source, to: sequence, positions: 0..<match.count))
            }
            return sequence
        }
        // The last number is the source's own.
        guard isCached else { return nil }
        cut(match.source, to: match.count)
        cached.remove(match.source)
        return match.source
    }

    private mutating func resume(_ job: PlannedJob, planned: Int) -> Start {
        guard fits(job, taking: job.computed, computed: job.computed), makeFree(planned + job.computed),
            let sequence = takeSequence(sparing: nil)
        else { return .blocked }
        actions.append(.restore(job.job.id, sequence))
        actions.append(.discard(job.job.id))
        tree.append(job.tokens(0..<job.computed), to: sequence)
        enter(job, sequence)
        // Whether it can be brought back shows only when that is done: until then nobody takes from it.
        shared.remove(sequence)
        counters.resumes += 1
        return .resumed
    }

    private mutating func enter(_ job: PlannedJob, _ sequence: SequenceID) {
        live.insert(sequence)
        if job.job.sharesPrefix { shared.insert(sequence) } else { shared.remove(sequence) }
        parked.removeAll { $0 == job.job.id }
        running.append(job.job.id)
        jobs[job.job.id]?.sequence = sequence
        jobs[job.job.id]?.phase = .running
        changes += 1
    }
}
