// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// Prompts that share what another one is about to compute.
extension StepPlanner {
    /// The job whose prefill would soon give a prompt more than is there already, and how many tokens.
    ///
    /// It must be by ``Rule/leastShared`` tokens, and the other's way there no longer than twice what is won.
    func leader(for job: PlannedJob, matched: Int) -> (id: GenerationID, until: Int)? {
        guard configuration.canTrim, job.takesPrefix else { return nil }
        let prompt = job.job.prompt
        let limit = prompt.count - 1
        var best: (id: GenerationID, until: Int)?
        for id in running {
            guard let other = jobs[id], other.job.sharesPrefix, other.computed < other.job.prompt.count else {
                continue
            }
            let least = max(best?.until ?? 0, max(matched, other.computed) + Rule.leastShared - 1)
            let most = min(limit, other.job.prompt.count)
            guard most > least else { continue }
            let common = commonPrefix(prompt, 0, other.job.prompt, 0, atMost: most)
            guard common > least, common - other.computed <= 2 * (common - matched) else { continue }
            best = (id, common)
        }
        return best
    }

    /// A job that is in the queue waits for another one instead, which becomes as urgent.
    mutating func follow(_ id: GenerationID, _ leader: GenerationID, until: Int) {
        guard let job = jobs[id], case .waiting(let entry) = job.phase else { return }
        queue.remove(entry)
        jobs[id]?.phase = .following(leader, until: until)
        jobs[leader]?.followers.append(id)
        let goal = jobs[leader]?.goal ?? .max
        let inherited = jobs[leader]?.inherited ?? entry.due
        jobs[leader]?.goal = min(goal, until)
        jobs[leader]?.inherited = min(inherited, entry.due)
    }

    /// The job computed so far, or is no more: who waited for that is back in the queue, where it was.
    mutating func wakeFollowers(of leader: GenerationID, reached: Int) {
        guard let goal = jobs[leader]?.goal, goal <= reached else { return }
        var left: [GenerationID] = []
        for id in jobs[leader]?.followers ?? [] {
            guard let job = jobs[id], case .following(_, let until) = job.phase else { continue }
            if until > reached {
                left.append(id)
                continue
            }
            let entry = JobQueue.Entry(due: due(job, remaining: job.job.prompt.count - min(reached, until)), id: id)
            jobs[id]?.phase = .waiting(entry)
            queue.insert(entry)
        }
        changes += 1
        jobs[leader]?.followers = left
        settleLeader(leader)
    }

    /// What a leader's followers want of it, after some of them left.
    mutating func settleLeader(_ id: GenerationID) {
        var goal: Int?
        var inherited: ContinuousClock.Instant?
        for follower in jobs[id]?.followers ?? [] {
            guard let job = jobs[follower], case .following(_, let until) = job.phase else { continue }
            let wanted = due(job, remaining: job.job.prompt.count - until)
            goal = min(goal ?? until, until)
            inherited = min(inherited ?? wanted, wanted)
        }
        jobs[id]?.goal = goal
        jobs[id]?.inherited = inherited
    }
}
