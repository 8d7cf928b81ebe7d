// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
package import SlipwayServing
package import SlipwayWire

/// How much one call may ask for at once.
package enum AnswerLimits {
    /// Answers that follow a grammar: each has one of its own, which takes long to make.
    package static let constrainedChoices = 16
    /// Probabilities, alternatives included, that the answers of one call may tell; some 100 bytes each in memory.
    package static let probabilities = 4 << 20

    /// - Parameters:
    ///   - requests: All prompts of one call.
    ///   - contextLength: Tokens of a prompt and its answer.
    package static func check(_ requests: [GenerationRequest], contextLength: Int) throws(WireError) {
        var answers = 0
        var told = 0
        for request in requests {
            guard request.choices <= constrainedChoices || request.sampling.constraint == .none else {
                throw WireError(
                    .invalidRequest,
                    "expected at most \(constrainedChoices) with a grammar, a schema or tools, got \(request.choices)",
                    at: "n")
            }
            answers += request.choices
            let room = max(0, contextLength - request.prompt.count)
            if let alternatives = request.alternatives {
                told += request.choices * min(request.maximumTokens ?? room, room) * (1 + alternatives)
            }
            if let alternatives = request.promptAlternatives {
                told += request.choices * request.prompt.count * (1 + alternatives)
            }
        }
        // A single answer is bounded by the context.
        guard answers <= 1 || told <= probabilities else {
            throw WireError(
                .invalidRequest,
                "\(answers) answers may tell \(told) probabilities, expected at most \(probabilities): ask for fewer "
                    + "alternatives, tokens or answers at once",
                at: "logprobs")
        }
    }
}
