// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
package import SlipwayWire

/// Prompts as callers send them, checked and cut into tokens.
package enum PromptTokens {
    /// Bytes that one token stands for at most: vocabularies have runs of 128 spaces, and hardly anything longer.
    package static let longestToken = 256

    /// Refuses a text that cannot fit, before time and memory are spent on cutting it.
    ///
    /// - Parameter limit: Tokens that fit.
    package static func check(bytes: Int, limit: Int) throws(WireError) {
        let least = bytes / longestToken
        guard least <= limit else {
            throw .contextLengthExceeded(promptTokens: least, contextLength: limit, isLeast: true)
        }
    }

    /// The same for any prompt.
    package static func check(_ prompt: OpenAIPrompt, limit: Int) throws(WireError) {
        switch prompt {
        case .text(let text): try check(bytes: text.utf8.count, limit: limit)
        case .tokens(let tokens):
            guard tokens.count <= limit else {
                throw .contextLengthExceeded(promptTokens: tokens.count, contextLength: limit)
            }
        }
    }

    /// The tokens of a prompt as the caller wrote it; text of control tokens in it is text.
    ///
    /// - Parameter member: Of the request, that the prompt is in.
    /// - Throws: ``WireError`` for tokens that the model does not have and for a prompt of no tokens where it has none
    ///   to begin with, `EngineError`.
    package static func cut(
        _ prompt: OpenAIPrompt, with model: any LanguageModel, at member: String
    ) throws -> [TokenID] {
        switch prompt {
        case .text(let text):
            return try filled(
                try model.tokenize(text, addsSpecial: true, parsesSpecial: false), with: model, at: member)
        case .tokens(let tokens):
            try check(tokens, of: model, at: member)
            return try filled(tokens, with: model, at: member)
        }
    }

    /// The model's beginning where there is nothing to begin with.
    package static func filled(
        _ tokens: [TokenID], with model: any LanguageModel, at member: String
    ) throws(WireError) -> [TokenID] {
        guard tokens.isEmpty else { return tokens }
        guard let begin = model.facts.beginToken else {
            throw WireError(
                .invalidRequest, "the prompt has no tokens, and this model has none to begin with: send some text",
                at: member)
        }
        return [begin]
    }

    /// Refuses tokens that the model does not have.
    package static func check(
        _ tokens: some Sequence<TokenID>, of model: any LanguageModel, at member: String
    ) throws(WireError) {
        let count = model.facts.vocabularySize
        for token in tokens where token < 0 || Int(token) >= count {
            throw WireError(
                .invalidRequest, "token \(token) is not one of the model's, 0 to \(count - 1)", at: member)
        }
    }
}
