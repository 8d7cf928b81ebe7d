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
        if let dimensions = asked.dimensions {
            try EmbeddingVectors.check(dimensions, width: language.model.facts.embeddingWidth)
        }
        let longest = try await language.lease.longestText()
        let inputs = try await language.tokens(asked.inputs, at: "input", limit: longest)
        var vectors = try await language.vectors(inputs, longest: longest)
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
        let longest = try await language.lease.longestText()
        let inputs = try await language.pairs(asked.query, asked.documents, longest: longest)
        let scores = try await language.vectors(inputs, longest: longest).map { $0.first ?? 0 }
        return .json(
            OpenAIRerankReply.encode(
                OpenAIRerankReply.ranked(scores, for: asked), model: language.lease.endpoint,
                promptTokens: inputs.reduce(0) { $0 + $1.count }))
    }
}

extension LanguageCall {
    /// - Throws: ``WireError`` for a text that is longer than the model takes: nothing is cut off.
    fileprivate func vectors(_ inputs: [[TokenID]], longest: Int) async throws -> [[Float]] {
        for tokens in inputs { try PromptTokens.check(.tokens(tokens), limit: longest) }
        return try await lease.embed(inputs, caller: call.caller, deadline: deadline, call.cancellation)
    }

    /// A question with each of the documents, as rerankers read them.
    fileprivate func pairs(_ query: String, _ documents: [String], longest: Int) async throws -> [[TokenID]] {
        let (questionSize, mostSize) = (query.utf8.count, documents.map(\.utf8.count).max() ?? 0)
        try PromptTokens.check(bytes: questionSize + mostSize, limit: longest)
        let size = documents.reduce(questionSize) { $0 + $1.utf8.count }
        return try await work(onBytes: size) { [model, cancellation = call.cancellation] in
            // Once for all of them.
            let question = try model.tokenize(query, addsSpecial: false, parsesSpecial: false)
            try PromptTokens.check(.tokens(question), limit: longest)
            var pairs: [[TokenID]] = []
            for document in documents {
                guard !cancellation.isCancelled else { throw Self.cancelled }
                let tokens = try model.tokenizePair(question, document)
                try PromptTokens.check(.tokens(tokens), limit: longest)
                pairs.append(try PromptTokens.filled(tokens, with: model, at: "documents"))
            }
            return pairs
        }
    }
}
