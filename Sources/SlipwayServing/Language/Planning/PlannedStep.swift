// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// The number of one sequence to be generated: a choice of a request. Never given twice by one planner's user.
package typealias GenerationID = UInt64

/// A prompt to be computed and continued, as ``StepPlanner`` takes it.
package struct GenerationJob: Sendable, Equatable {
    package enum PromptOutputs: Sendable, Equatable {
        /// Only the last token's: to go on from.
        case last
        /// Every token's: their probabilities are asked for. Nothing of the prompt is taken from the cache then.
        case all
    }

    package let id: GenerationID
    /// At least one token.
    package let prompt: [TokenID]
    /// Tokens to be generated at most; 0 computes the prompt and ends.
    package let maximumTokens: Int
    /// 0 is the most urgent, 7 the least.
    package let urgency: Int
    package let promptOutputs: PromptOutputs
    package let sharesPrefix: Bool
    /// Whether another job of the same request stands for it in the queue: its prompt is the same.
    package var isFurtherChoice = false
    /// Tokens it counts for while it waits.
    var queuedTokens: Int { isFurtherChoice ? 0 : prompt.count }

    package init(
        id: GenerationID, prompt: [TokenID], maximumTokens: Int, urgency: Int = 3,
        promptOutputs: PromptOutputs = .last, sharesPrefix: Bool = true
    ) {
        self.id = id
        self.prompt = prompt
        self.maximumTokens = maximumTokens
        self.urgency = urgency
        self.promptOutputs = promptOutputs
        self.sharesPrefix = sharesPrefix
    }
}

/// What to do next on a session: first the actions, in their order, then one decode of all the work.
package struct PlannedStep: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        /// Positions of `source` also become `target`'s.
        case copy(SequenceID, to: SequenceID, positions: Range<Int>)
        /// Positions from `start` on go; 0 frees the sequence.
        case remove(SequenceID, from: Int)
        /// Keep the sequence's state in memory, outside the cache, for this id; a later action removes its cells.
        case save(SequenceID, GenerationID)
        /// Bring back what was saved for this id.
        case restore(GenerationID, SequenceID)
        /// What was saved for this id is not needed any more.
        case discard(GenerationID)
    }

    package enum Outputs: Sendable, Equatable { case none, last, all }

    /// Tokens of one job.
    package struct Work: Sendable, Equatable {
        package let id: GenerationID
        package let sequence: SequenceID
        package let tokens: [TokenID]
        /// The position of the first of them.
        package let start: Int
        package let outputs: Outputs
        /// Whether the tokens are its prompt's; else the one sampled last, and a draft after it.
        package let isPrefill: Bool

        package init(
            id: GenerationID, sequence: SequenceID, tokens: [TokenID], start: Int, outputs: Outputs, isPrefill: Bool
        ) {
            self.id = id
            self.sequence = sequence
            self.tokens = tokens
            self.start = start
            self.outputs = outputs
            self.isPrefill = isPrefill
        }
    }

    package var actions: [Action]
    /// In the batch's order; empty when there are only actions.
    package var work: [Work]

    package init(actions: [Action] = [], work: [Work] = []) {
        self.actions = actions
        self.work = work
    }

    package var tokenCount: Int { work.reduce(0) { $0 + $1.tokens.count } }
    package var prefillTokens: Int { work.reduce(0) { $0 + ($1.isPrefill ? $1.tokens.count : 0) } }
    /// The only job in it, whose end may stop the decode; `nil` when others would suffer.
    package var onlyJob: GenerationID? {
        guard let first = work.first?.id, work.allSatisfy({ $0.id == first }) else { return nil }
        return first
    }
}
