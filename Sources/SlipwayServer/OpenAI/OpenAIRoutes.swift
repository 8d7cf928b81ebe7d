// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// OpenAI's API for language models, with the routes that llama.cpp's server and Triton have beside it.
struct OpenAIRoutes: Sendable {
    let access: LanguageAccess

    var routes: [Route] { generating + embedding + tokens + triton }

    private var generating: [Route] {
        let chat = ChatHandler(access: access)
        let completions = CompletionHandler(access: access)
        return [
            Route(
                .post, "/v1/chat/completions", on: .openAI,
                documentation(
                    "Continues a conversation, at once or as a stream.", request: "ChatRequest",
                    reply: .oneOf([.json("ChatReply"), .media(Self.events, nil)])), chat.answer),
            Route(
                .post, "/v1/completions", on: .openAI,
                documentation(
                    "Continues texts, at once or as a stream.", request: "CompletionRequest",
                    reply: .oneOf([.json("CompletionReply"), .media(Self.events, nil)])), completions.answer),
        ]
    }

    private var embedding: [Route] {
        let handler = EmbeddingHandler(access: access)
        let embeddings = Route(
            .post, "/v1/embeddings", on: .openAI,
            documentation("Turns texts into vectors.", request: "EmbeddingRequest", reply: .json("EmbeddingReply")),
            handler.embed)
        return [embeddings]
            + ["/v1/rerank", "/rerank", "/v1/reranking", "/reranking"].map { path in
                Route(
                    .post, path, on: .openAI,
                    documentation(
                        "Orders documents by how well they answer a question.", request: "RerankRequest",
                        reply: .json("RerankReply")), handler.rerank)
            }
    }

    private var tokens: [Route] {
        let handler = TokenHandler(access: access)
        return [
            Route(
                .post, "/tokenize", on: .openAI,
                documentation("Cuts a text into tokens.", request: "TokenizeRequest", reply: .json("TokenizeReply")),
                handler.tokenize),
            Route(
                .post, "/detokenize", on: .openAI,
                documentation(
                    "Puts tokens together to a text.", request: "DetokenizeRequest", reply: .json("DetokenizeReply")),
                handler.detokenize),
            Route(
                .post, "/apply-template", on: .openAI,
                documentation(
                    "Renders a conversation as the model reads it.", request: "TemplateRequest",
                    reply: .json("TemplateReply")), handler.applyTemplate),
        ]
    }

    private var triton: [Route] {
        let handler = GenerateHandler(access: access)
        return ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap { path in
            [
                Route(
                    .post, path + "/generate",
                    documentation("Continues a text.", request: "GenerateRequest", reply: .json("GenerateReply")),
                    handler.generate),
                Route(
                    .post, path + "/generate_stream",
                    documentation(
                        "Continues a text, piece by piece.", request: "GenerateRequest",
                        reply: .media(Self.events, nil)), handler.generateStream),
            ]
        }
    }

    /// The media type of streams.
    static let events = "text/event-stream"

    private func documentation(
        _ summary: String, request: String, reply: Route.Content
    ) -> Route.Documentation {
        Route.Documentation(summary: summary, tag: "Language models", request: .json(request), reply: reply)
    }
}
