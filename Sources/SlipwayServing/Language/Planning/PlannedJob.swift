// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// A job with where it is.
///
/// Its known tokens are its prompt's and those sampled; the first ``computed`` of them are in the cache.
struct PlannedJob: Sendable {
    enum Phase: Sendable, Equatable {
        case waiting(JobQueue.Entry)
        /// Waits until another job computed what both begin with.
        case following(GenerationID, until: Int)
        case running
        /// Gave its cells away; `isSaved`: its state is kept outside the cache.
        case parked(isSaved: Bool)
    }

    let job: GenerationJob
    let submitted: ContinuousClock.Instant
    var phase: Phase
    /// While it runs.
    var sequence: SequenceID = 0
    var generated: [TokenID] = []
    var computed = 0
    /// Positions of the prompt whose outputs were told, where all are asked for.
    var told = 0
    /// Tokens of the prompt that were in the cache when it started.
    var cached = 0
    /// Draft tokens that were computed and not yet judged.
    var unverified = 0
    var draft: [TokenID] = []
    var followers: [GenerationID] = []
    /// Where the nearest follower waits for.
    var goal: Int?
    /// The earliest due of those that wait for it.
    var inherited: ContinuousClock.Instant?

    var known: Int { job.prompt.count + generated.count }
    var takesPrefix: Bool { job.sharesPrefix && job.promptOutputs == .last }
    /// Whether a sampled token is all that is left to compute.
    var decodes: Bool {
        phase == .running && unverified == 0 && computed >= job.prompt.count && computed + 1 == known
    }
    var prefills: Bool { phase == .running && unverified == 0 && computed < known && !decodes }

    /// Known tokens of a range of positions.
    func tokens(_ positions: Range<Int>) -> [TokenID] {
        let count = job.prompt.count
        if positions.lowerBound >= count {
            return Array(generated[(positions.lowerBound - count)..<(positions.upperBound - count)])
        }
        let head = job.prompt[positions.lowerBound..<min(positions.upperBound, count)]
        return positions.upperBound <= count ? Array(head) : Array(head) + generated[..<(positions.upperBound - count)]
    }

    /// What a chunk that starts where it is may have at most, and what it tells.
    func chunk(atMost limit: Int) -> (count: Int, outputs: PlannedStep.Outputs) {
        let prompt = job.prompt.count
        if job.promptOutputs == .all, computed < prompt {
            // What was told before the state was lost is computed again in silence.
            if computed < told { return finishing(min(limit, told - computed)) }
            return (min(limit, prompt - computed), .all)
        }
        return finishing(min(limit, known - computed))
    }

    private func finishing(_ count: Int) -> (Int, PlannedStep.Outputs) {
        (count, computed + count == known ? .last : .none)
    }
}
