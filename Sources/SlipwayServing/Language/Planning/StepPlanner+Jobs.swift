// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

extension StepPlanner {
    /// Takes a job, or says why not. One is always taken when nothing waits and the cache can hold it.
    package mutating func submit(_ job: GenerationJob, now: ContinuousClock.Instant) -> Refusal? {
        guard let count = job.prompt.isEmpty ? nil : job.prompt.count else { return .emptyPrompt }
        let (needed, overflow) = count.addingReportingOverflow(max(0, job.maximumTokens - 1))
        guard !overflow, needed <= configuration.cells else {
            return .tooLong(tokens: overflow ? .max : needed, cells: configuration.cells)
        }
        drain.advance(to: now, isBusy: waiting > 0)
        if !job.isFurtherChoice, let refusal = crowding(adding: count) { return refusal }
        guard jobs[job.id] == nil else { return nil }
        var planned = PlannedJob(job: job, submitted: now, phase: .running)
        let match = planned.takesPrefix ? find(planned) : PrefixTree.Match()
        let entry = JobQueue.Entry(due: due(planned, remaining: count - match.count), id: job.id)
        planned.phase = .waiting(entry)
        jobs[job.id] = planned
        queue.insert(entry)
        waiting += 1
        queuedTokens += job.queuedTokens
        return nil
    }

    /// The client is gone: the job's sequence is free at once, its cells by the next step at the latest. What it
    /// computed stays as a cached prefix.
    package mutating func cancel(_ id: GenerationID, now: ContinuousClock.Instant) {
        end(id, isFinished: false, now: now)
    }

    /// The generation ended; what it computed stays as a cached prefix where the job shares.
    package mutating func finish(_ id: GenerationID, now: ContinuousClock.Instant) {
        end(id, isFinished: true, now: now)
    }

    private func crowding(adding tokens: Int) -> Refusal? {
        guard waiting > 0 else { return nil }
        if waiting >= configuration.queuedRequests {
            let gone = Double(waiting - configuration.queuedRequests + 1)
            return .queueFull(requests: waiting, limit: configuration.queuedRequests, retryAfter: retry(after: gone))
        }
        let (sum, overflow) = queuedTokens.addingReportingOverflow(tokens)
        guard overflow || sum > configuration.queuedTokens else { return nil }
        let mean = max(1, Double(queuedTokens) / Double(waiting))
        let excess = Double(queuedTokens) + Double(tokens) - Double(configuration.queuedTokens)
        let gone = min(Double(waiting), (excess / mean).rounded(.up))
        return .queuedTokens(held: queuedTokens, limit: configuration.queuedTokens, retryAfter: retry(after: gone))
    }

    /// A second at least and ten minutes at most: a rate measured over little says little.
    private func retry(after jobs: Double) -> Duration {
        .seconds(min(max(1, drain.seconds(untilReleased: jobs).rounded(.up)), 600))
    }

    mutating func end(_ id: GenerationID, isFinished: Bool, now: ContinuousClock.Instant) {
        guard pending == nil else {
            deferred.append((id, isFinished))
            return
        }
        guard let job = jobs[id] else { return }
        if isFinished, case .running = job.phase { lengths.observe(job.generated.count) }
        leave(id, now: now)
        if job.phase == .parked(isSaved: true) { actions.append(.discard(id)) }
        guard case .running = job.phase else { return }
        // Drafts that nobody judged are no part of the text.
        if job.unverified > 0 { cut(job.sequence, to: job.computed - job.unverified) }
        retire(job.sequence)
    }

    /// Takes a job out of every list; its sequence is the caller's to free.
    mutating func leave(_ id: GenerationID, now: ContinuousClock.Instant) {
        wakeFollowers(of: id, reached: .max)
        guard let job = jobs.removeValue(forKey: id) else { return }
        changes += 1
        switch job.phase {
        case .waiting(let entry):
            queue.remove(entry)
            leaveQueue(job, now: now)
        case .following(let leader, _):
            jobs[leader]?.followers.removeAll { $0 == id }
            settleLeader(leader)
            leaveQueue(job, now: now)
        case .running: running.removeAll { $0 == id }
        case .parked: parked.removeAll { $0 == id }
        }
    }

    mutating func leaveQueue(_ job: PlannedJob, now: ContinuousClock.Instant) {
        drain.advance(to: now, isBusy: waiting > 0)
        drain.countRelease()
        waiting -= 1
        queuedTokens -= job.job.queuedTokens
    }
}
