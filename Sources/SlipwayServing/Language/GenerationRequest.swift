// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// A prompt to be continued.
package struct GenerationRequest: Sendable {
    package enum Speculation: Sendable, Hashable {
        /// Where it has been found to pay.
        case automatic
        case off, on
    }

    /// The caller's id, as observations tell it.
    package var id: String?
    /// At least one token.
    package var prompt: [TokenID]
    /// Independent continuations of the one prompt, 1 or more.
    package var choices = 1
    /// Tokens of each choice at most; `nil` for what the context has room for.
    package var maximumTokens: Int?
    package var sampling = SamplingOptions()
    /// How many of the likeliest tokens to tell with each one chosen; `nil` for no log probabilities.
    package var alternatives: Int?
    /// The same for the tokens of the prompt: all but the first.
    package var promptAlternatives: Int?
    /// Whether its tokens may be shared with later requests, and those of earlier ones with it.
    package var sharesPrefix = true
    package var speculation = Speculation.automatic
    package var caller = Caller()
    /// 0 is the most urgent, 7 the least.
    package var urgency = InferenceRequest.usualUrgency
    package var deadline: ContinuousClock.Instant?
    package var cancellation = CancellationFlag()
    package var receivedAt = ContinuousClock.now
    /// The caller's trace; `nil` when it follows none.
    package var trace: TraceLink?

    package init(prompt: [TokenID]) { self.prompt = prompt }
}

/// What a request hears while it is worked on, in this order for each choice.
package enum GenerationEvent: Sendable, Equatable {
    /// The prompt is computed; so many of its tokens had been computed before.
    case started(choice: Int, cachedTokens: Int)
    /// How likely the prompt's tokens were: from its second on. Before ``started(choice:cachedTokens:)``; of choice 0.
    case prompt([SampledToken])
    case token(choice: Int, SampledToken)
    case ended(choice: Int, EndReason)

    package enum EndReason: String, Sendable, Hashable {
        /// The model ended its answer; that token is told only where the prompt's probabilities are, and does not
        /// count.
        case end
        /// As many tokens as were asked for, or as fit.
        case length
        /// ``GenerationStream/stop(choice:)``.
        case stopped
    }
}
