// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
package import SlipwayServing
package import SlipwayWire

/// A prompt as an answer repeats it.
package struct PromptEcho: Sendable {
    private let first: TokenID?
    private let texts: TokenTexts
    private let tellsScores: Bool
    package private(set) var text: String
    /// Of all tokens of the prompt, the first without a probability; `nil` where none are told.
    package private(set) var scores: [OpenAITokenScore]?

    package init(_ prompt: OpenAIPrompt, _ request: GenerationRequest, _ model: any LanguageModel) {
        first = request.prompt.first
        texts = TokenTexts(model)
        tellsScores = request.promptAlternatives != nil
        if case .text(let text) = prompt {
            self.text = text
        } else {
            text = String(decoding: request.prompt.flatMap(texts.bytes(of:)), as: UTF8.self)
        }
        scores = nil
    }

    /// Takes in how likely the tokens were, from the second on. The text becomes that of the tokens, so that their
    /// offsets in it are right.
    package mutating func take(_ tokens: [SampledToken]) {
        guard tellsScores, let first else { return }
        let scores =
            [OpenAITokenScore(bytes: texts.bytes(of: first), logProbability: nil, alternatives: [])]
            + tokens.map { OpenAITokenScore(texts.score($0)) }
        text = String(decoding: scores.flatMap(\.bytes), as: UTF8.self)
        self.scores = scores
    }
}
