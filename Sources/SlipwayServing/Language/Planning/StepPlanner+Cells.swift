// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// Cells and sequence numbers: who gets them and who gives them back.
extension StepPlanner {
    /// The longest prefix of a job's prompt in the cache; its last token is always computed anew.
    func find(_ job: PlannedJob) -> PrefixTree.Match {
        let limit = job.generated.isEmpty ? job.job.prompt.count - 1 : job.job.prompt.count
        return tree.match(job.job.prompt, atMost: limit, among: shared, isWhole: !configuration.canTrim)
    }

    /// Removes the end of a sequence, in the cache by the next step's actions.
    mutating func cut(_ sequence: SequenceID, to length: Int) {
        guard tree.length(of: sequence) > length else { return }
        tree.trim(sequence, to: length)
        actions.append(.remove(sequence, from: length))
    }

    /// A sequence without a job becomes a cached prefix, or is freed when it adds nothing.
    mutating func retire(_ sequence: SequenceID) {
        live.remove(sequence)
        changes += 1
        let adds = configuration.canTrim ? tree.exclusiveCells(of: sequence) : tree.length(of: sequence)
        if shared.contains(sequence), adds > 0 {
            tick += 1
            cachedAt[Int(sequence)] = tick
            cached.insert(sequence)
        } else {
            drop(sequence)
        }
    }

    /// Frees a sequence with what it holds.
    mutating func drop(_ sequence: SequenceID) {
        cut(sequence, to: 0)
        live.remove(sequence)
        cached.remove(sequence)
        shared.remove(sequence)
        changes += 1
    }

    /// Removes every cached prefix.
    package mutating func dropCache() {
        cached.forEach { drop($0) }
    }

    private func oldestCached(but kept: SequenceID? = nil) -> SequenceID? {
        var oldest: SequenceID?
        cached.forEach { sequence in
            guard sequence != kept else { return }
            if let found = oldest, cachedAt[Int(found)] <= cachedAt[Int(sequence)] { return }
            oldest = sequence
        }
        return oldest
    }

    /// Makes at least so many cells free by cutting cached prefixes, least recently used first, from their ends.
    ///
    /// - Returns: How many came free; fewer than asked for when no more can.
    @discardableResult
    mutating func evict(_ needed: Int) -> Int {
        var freed = 0
        while freed < needed, let sequence = oldestCached() {
            let own = tree.exclusiveCells(of: sequence)
            let wanted = max(needed - freed, Rule.leastEvicted)
            if configuration.canTrim, own > wanted {
                cut(sequence, to: tree.length(of: sequence) - wanted)
                freed += wanted
            } else {
                drop(sequence)
                freed += own
            }
            counters.evictions += 1
        }
        return freed
    }

    /// Makes cells free for a step, without parking anybody. Whether there are as many.
    mutating func makeFree(_ needed: Int) -> Bool {
        if needed > freeCells { evict(needed - freeCells) }
        return needed <= freeCells
    }

    /// A number without cells; a cached prefix gives its own if need be, but for one.
    mutating func takeSequence(sparing kept: SequenceID?) -> SequenceID? {
        for sequence in 0..<SequenceID(configuration.sequences)
        where !live.contains(sequence) && !cached.contains(sequence) { return sequence }
        guard let oldest = oldestCached(but: kept) else { return nil }
        drop(oldest)
        counters.evictions += 1
        return oldest
    }

    /// Parks the running job that is due last: the least urgent, then the youngest. Never the last one.
    ///
    /// - Parameter kept: Not this one.
    mutating func parkOne(but kept: GenerationID? = nil) -> Bool {
        guard running.count > 1 else { return false }
        var victim: JobQueue.Entry?
        for id in running where id != kept {
            guard let job = jobs[id] else { continue }
            let entry = JobQueue.Entry(due: basicDue(job), id: id)
            if victim.map({ $0.precedes(entry) }) ?? true { victim = entry }
        }
        guard let id = victim?.id, let job = jobs[id] else { return false }
        wakeFollowers(of: id, reached: .max)
        let isSaved = job.computed > 0
        if isSaved { actions.append(.save(job.sequence, id)) }
        drop(job.sequence)
        running.removeAll { $0 == id }
        parked.append(id)
        jobs[id]?.phase = .parked(isSaved: isSaved)
        jobs[id]?.draft = []
        counters.parks += 1
        return true
    }
}
