// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// What a language model makes of texts before it computes: `/tokenize`, `/detokenize`, `/apply-template`.
struct TokenHandler: Sendable {
    let access: LanguageAccess

    @Sendable func tokenize(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAITokenizeRequest.decode($0) }
        let language = try await LanguageCall(call, access, model: asked.model)
        let tokens: [TokenID]
        switch asked.content {
        case .text(let text):
            tokens = try await language.work(onBytes: text.utf8.count) { [model = language.model] in
                try model.tokenize(text, addsSpecial: asked.addsSpecial, parsesSpecial: asked.parsesSpecial)
            }
        case .chat(let chat): tokens = try await language.render(chat).tokens
        }
        let context = language.lease.contextLength
        let texts = TokenTexts(language.model)
        return .json(
            try await language.work(onBytes: tokens.count * Self.bytesPerToken) { () -> [UInt8] in
                guard asked.tellsPieces else { return OpenAITokenReplies.tokens(tokens, contextLength: context) }
                return OpenAITokenReplies.pieces(tokens.map { ($0, texts.bytes(of: $0)) }, contextLength: context)
            })
    }

    /// What writing a token costs, as text to be cut is counted.
    private static let bytesPerToken = 4

    @Sendable func detokenize(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAIDetokenizeRequest.decode($0) }
        let language = try await LanguageCall(call, access, model: asked.model)
        let model = language.model
        return .json(
            try await language.work(onBytes: asked.tokens.count * Self.bytesPerToken) { () -> [UInt8] in
                try PromptTokens.check(asked.tokens, of: model, at: "tokens")
                return OpenAITokenReplies.text(asked.tokens.flatMap { model.bytes(of: $0, rendersSpecial: true) })
            })
    }

    @Sendable func applyTemplate(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAIChatRequest.decode($0) }
        let language = try await LanguageCall(call, access, model: asked.options.model)
        return .json(OpenAITokenReplies.prompt(try await language.render(asked).rendered.prompt))
    }
}
