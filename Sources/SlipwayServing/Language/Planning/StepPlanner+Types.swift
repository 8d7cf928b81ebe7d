// SPDX-License-Identifier: Apache-2.0

extension StepPlanner {
    package struct Configuration: Sendable, Equatable {
        /// Of the KV cache.
        package var cells: Int
        /// Most tokens of a decode.
        package var batch: Int
        /// Sequence numbers, 1 to 256: those that generate and cached prefixes.
        package var sequences: Int
        /// Sequences that generate at once.
        package var mostRunning: Int
        /// Tokens of one decode that ask for output.
        package var outputs: Int
        /// Cells that only keep prefixes for later prompts: each costs every token of every step a look.
        package var keptCells: Int
        /// Prefill tokens of each step, whatever its time: prompts always progress.
        package var smallestChunk: Int
        package var queuedRequests: Int
        /// Tokens of the prompts that wait.
        package var queuedTokens: Int
        /// What a step may take while somebody's answer is being written.
        package var targetStep: Duration
        /// Whether the end of a sequence can be removed; `false` for recurrent models, which then share only whole
        /// sequences and take no drafts.
        package var canTrim: Bool

        /// - Parameter mostRunning: `nil` for half of the sequences, 64 at most.
        package init(
            cells: Int, batch: Int, sequences: Int, mostRunning: Int? = nil, outputs: Int = .max, keptCells: Int = .max,
            smallestChunk: Int = 16,
            queuedRequests: Int = 256, queuedTokens: Int = 262_144, targetStep: Duration = .milliseconds(80),
            canTrim: Bool = true
        ) {
            self.cells = max(1, cells)
            self.batch = max(1, batch)
            self.sequences = min(max(1, sequences), SequenceSet.capacity)
            self.mostRunning = min(max(1, mostRunning ?? min(64, self.sequences / 2)), self.sequences)
            self.keptCells = max(0, keptCells)
            self.smallestChunk = max(1, smallestChunk)
            self.outputs = max(self.mostRunning + Rule.smallestChunk, outputs)
            self.queuedRequests = max(1, queuedRequests)
            self.queuedTokens = max(1, queuedTokens)
            self.targetStep = targetStep
            self.canTrim = canTrim
        }
    }

    /// Why a job was not taken.
    package enum Refusal: Sendable, Equatable {
        case queueFull(requests: Int, limit: Int, retryAfter: Duration)
        /// - Parameter held: Tokens of the prompts that wait already.
        case queuedTokens(held: Int, limit: Int, retryAfter: Duration)
        /// - Parameter tokens: The prompt's and the most that may be generated, but for the last.
        case tooLong(tokens: Int, cells: Int)
        case emptyPrompt
    }

    package struct Snapshot: Sendable, Equatable {
        package var running = 0
        package var waiting = 0
        /// Tokens of the prompts that wait.
        package var queuedTokens = 0
        package var parked = 0
        package var cellsUsed = 0
        /// Of those used, the ones that no job holds.
        package var cellsCached = 0
        package var cells = 0
        /// Sequence numbers that hold nothing.
        package var sequencesFree = 0
        /// Since the beginning: cached prefixes removed or cut, sequences parked, sequences resumed.
        package var evictions = 0
        package var parks = 0
        package var resumes = 0
        /// Since the beginning: tokens of prompts that were looked up, and those of them that were found.
        package var prefixQueryTokens = 0
        package var prefixHitTokens = 0

        package init() {}
    }

    /// Rules that are not the operator's.
    enum Rule {
        /// A job waits this much less for each class it is more urgent.
        static let agingPerClass = Duration.seconds(2)
        /// A job may be overtaken for so many times as long as its prompt takes.
        static let shortestFirst = 4.0
        /// Prefill tokens of each step where nobody says, and for which room is left in a batch.
        static let smallestChunk = 16
        /// Chunks that do not end a prompt have a multiple of it, so that shapes repeat.
        static let chunkMultiple = 8
        /// Tokens that another job must be about to compute for one to wait for them.
        static let leastShared = 32
        /// Cells evicted at once at least, so that not every step evicts.
        static let leastEvicted = 64
        /// Sequences that decode at once when drafts may still pay.
        static let mostDrafting = 3
        static let longestDraft = 64
        /// Jobs looked at for starting in one step.
        static let mostLookedAt = 32
    }
}
