// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// `POST /v1/embeddings` and `POST /v1/rerank`.
struct EmbeddingHandler: Sendable {
    let access: LanguageAccess

    @Sendable func embed(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAIEmbeddingRequest.decode($0) }
        let language = try await LanguageCall(call, access, model: asked.model)
        guard language.model.facts.pooling != .rank else {
            throw ServerError(
                .badParameter, "model '\(language.lease.endpoint)' scores documents: ask /v1/rerank instead")
        }
        var inputs: [[TokenID]] = []
        for input in asked.inputs { inputs.append(try await language.tokens(input)) }
        var vectors = try await language.vectors(inputs)
        if let dimensions = asked.dimensions { vectors = try EmbeddingVectors.shortened(vectors, to: dimensions) }
        return .json(
            OpenAIEmbeddingReply.encode(
                vectors, base64: asked.encodesBase64, model: language.lease.endpoint,
                promptTokens: inputs.reduce(0) { $0 + $1.count }))
    }

    @Sendable func rerank(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAIRerankRequest.decode($0) }
        let language = try await LanguageCall(call, access, model: asked.model)
        guard language.model.facts.pooling == .rank else {
            throw ServerError(
                .badParameter,
                "model '\(language.lease.endpoint)' has no head that scores documents: deploy a reranking model, or "
                    + "compare vectors of /v1/embeddings")
        }
        let inputs = try await language.pairs(asked.query, asked.documents)
        let scores = try await language.vectors(inputs).map { $0.first ?? 0 }
        return .json(
            OpenAIRerankReply.encode(
                OpenAIRerankReply.ranked(scores, for: asked), model: language.lease.endpoint,
                promptTokens: inputs.reduce(0) { $0 + $1.count }))
    }
}

extension LanguageCall {
    /// - Throws: ``WireError`` for a text that is longer than the model takes: nothing is cut off.
    fileprivate func vectors(_ inputs: [[TokenID]]) async throws -> [[Float]] {
        let longest = try await lease.longestText()
        for tokens in inputs where tokens.count > longest {
            throw WireError.contextLengthExceeded(promptTokens: tokens.count, contextLength: longest)
        }
        return try await lease.embed(inputs, caller: call.caller, deadline: deadline, call.cancellation)
    }

    /// A question with each of the documents, as rerankers read them: each with its end, the beginning once.
    fileprivate func pairs(_ query: String, _ documents: [String]) async throws -> [[TokenID]] {
        let size = query.utf8.count + documents.reduce(0) { $0 + $1.utf8.count }
        let pairs = try await Self.work(onBytes: size) { [model] in
            let question = try model.tokenize(query, addsSpecial: true, parsesSpecial: false)
            return try documents.map { document -> [TokenID] in
                let tokens = try model.tokenize(document, addsSpecial: true, parsesSpecial: false)
                let hasBeginning = tokens.first != nil && tokens.first == model.facts.beginToken
                return question + (hasBeginning ? tokens.dropFirst() : tokens[...])
            }
        }
        return try pairs.map { try filled($0) }
    }
}
