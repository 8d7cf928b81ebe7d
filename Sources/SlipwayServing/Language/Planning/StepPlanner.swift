// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// Decides what each step of a language model computes. Owns no engine and no clock.
///
/// The user calls ``nextStep(now:)``, performs what it gave, tells its outcome by exactly one of
/// ``completed(took:now:)``, ``noRoom(now:)``, ``stopped(now:)`` and ``failed(_:now:)``, and after a completed one
/// calls ``sampled(_:tokens:now:)`` or ``finish(_:now:)`` for each work that is not a prompt's, for each with
/// ``PlannedStep/Outputs/last``, and for a prompt's with ``PlannedStep/Outputs/all`` that reached its end. A work with
/// a draft asks for all outputs. All else may be called at any time.
///
/// A step holds the next token of every sequence that decodes, then chunks of prompts for as long as the step is
/// expected to stay within the target; without anybody who decodes, as many as a batch holds. Prompts go by their due
/// time: when they were submitted, plus two seconds for each class of urgency, plus four times what the rest of the
/// prompt takes. That is shortest remaining first with aging, and its fairness bound: **no job submitted after a job's
/// due time goes before it**, however short or urgent.
package struct StepPlanner: Sendable {
    package let configuration: Configuration

    var jobs: [GenerationID: PlannedJob] = [:]
    var queue = JobQueue()
    /// Jobs in the queue and those that follow another.
    var waiting = 0
    var queuedTokens = 0
    /// In the order of their starts.
    var running: [GenerationID] = []
    var parked: [GenerationID] = []

    package internal(set) var tree: PrefixTree
    /// Sequences of jobs.
    var live = SequenceSet()
    /// Sequences without a job, kept for later prompts.
    var cached = SequenceSet()
    /// Those of `live` and `cached` that others may take from.
    var shared = SequenceSet()
    /// When each sequence was cached, by ``tick``.
    var cachedAt: [UInt64]
    var tick: UInt64 = 0

    /// For the next step.
    var actions: [PlannedStep.Action] = []
    /// The step under way.
    var pending: [PlannedStep.Work]?
    var pendingLoad = StepLoad()
    /// Ends told while a step was under way.
    var deferred: [(id: GenerationID, isFinished: Bool)] = []
    /// Most tokens of the next step after one that found no room.
    var stepCap: Int?
    /// Counts what may let a job start that could not.
    var changes: UInt64 = 0
    /// The job that could not start, and ``changes`` then.
    var blocked: (id: GenerationID, changes: UInt64)?
    /// Jobs of a step that failed, each of which is tried alone, and the one that the step under way is for.
    var suspects: [GenerationID] = []
    var suspect: GenerationID?
    /// Who decodes first in the next step, where not all fit.
    var rotation = 0

    package internal(set) var timeModel = StepTimeModel()
    var lengths = LengthEstimate()
    var drain = DrainRate()
    var counters = Snapshot()

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        tree = PrefixTree(sequences: configuration.sequences)
        cachedAt = Array(repeating: 0, count: configuration.sequences)
    }

    package var snapshot: Snapshot {
        var snapshot = counters
        snapshot.running = running.count
        snapshot.waiting = waiting
        snapshot.queuedTokens = queuedTokens
        snapshot.parked = parked.count
        snapshot.cellsUsed = tree.cellCount
        snapshot.cellsCached = evictableCells
        snapshot.cells = configuration.cells
        snapshot.sequencesFree = configuration.sequences - live.count - cached.count
        return snapshot
    }

    /// How far a job's prompt is, and how much of it was in the cache when the job started.
    package func progress(_ id: GenerationID) -> (computedPromptTokens: Int, cachedTokens: Int)? {
        jobs[id].map { (min($0.computed, $0.job.prompt.count), $0.cached) }
    }

    /// Whether a draft for the job's next decode may pay.
    package func wantsDraft(_ id: GenerationID) -> Bool {
        guard configuration.canTrim, let job = jobs[id], job.decodes else { return false }
        var decoding = 0
        for other in running where jobs[other]?.decodes == true { decoding += 1 }
        return decoding <= Rule.mostDrafting
    }

    /// What may follow a job's sampled token; for the next step only, which may take some of it or nothing.
    package mutating func offer(draft: [TokenID], for id: GenerationID) {
        guard wantsDraft(id) else { return }
        jobs[id]?.draft = Array(draft.prefix(Rule.longestDraft))
    }

    var freeCells: Int { configuration.cells - tree.cellCount }
    var evictableCells: Int { cached.isEmpty ? 0 : tree.cellCount - tree.cells(heldBy: live) }

    /// When a job is due before its size counts.
    func basicDue(_ job: PlannedJob) -> ContinuousClock.Instant {
        job.submitted + Rule.agingPerClass * min(max(job.job.urgency, 0), 7)
    }

    func due(_ job: PlannedJob, remaining: Int) -> ContinuousClock.Instant {
        basicDue(job) + .seconds(min(Double(remaining) * timeModel.secondsPerPrefillToken * Rule.shortestFirst, 1e6))
    }
}
