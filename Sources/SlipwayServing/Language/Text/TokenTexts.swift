// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// A token with how likely it was, its number replaced by its bytes.
package struct ScoredToken: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        package let bytes: [UInt8]
        /// Natural.
        package let logProbability: Float
    }

    package let bytes: [UInt8]
    /// Natural.
    package let logProbability: Float
    /// The likeliest tokens, most likely first.
    package let alternatives: [Candidate]
}

/// The bytes of a model's tokens, for those who read log probabilities.
///
/// Control tokens have their names here: among alternatives, the end of an answer is as good as any word.
package struct TokenTexts: Sendable {
    private let model: any LanguageModel

    package init(_ model: any LanguageModel) { self.model = model }

    /// May be part of a character.
    package func bytes(of token: TokenID) -> [UInt8] { model.bytes(of: token, rendersSpecial: true) }

    package func score(_ token: SampledToken) -> ScoredToken {
        ScoredToken(
            bytes: bytes(of: token.token), logProbability: token.logProbability,
            alternatives: token.alternatives.map {
                ScoredToken.Candidate(bytes: bytes(of: $0.token), logProbability: $0.logProbability)
            })
    }
}
