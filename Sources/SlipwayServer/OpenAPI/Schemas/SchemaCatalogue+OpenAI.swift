// SPDX-License-Identifier: Apache-2.0

/// Bodies of OpenAI's API, and of the routes that llama.cpp's server and Triton have beside it.
extension SchemaCatalogue {
    private static let prompt = JSONSchema.anyOf([
        .string, .list(.string), .list(.count), .list(.list(.count)),
    ])
    private static let stops = JSONSchema.anyOf([.string, .list(.string)])
    private static let parameters = JSONSchema.map(.anything)

    /// Members that all requests for text may have, besides their own; further sampling parameters are accepted.
    private static func textRequest(_ own: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        let common: KeyValuePairs<String, JSONSchema> = [
            "max_tokens?": .integer, "temperature?": .number, "top_p?": .number, "top_k?": .integer, "min_p?": .number,
            "frequency_penalty?": .number, "presence_penalty?": .number, "repeat_penalty?": .number,
            "logit_bias?": .map(.number), "seed?": .integer, "stop?": stops, "n?": .wholeNumber(from: 1),
            "stream?": .boolean, "stream_options?": request(["include_usage?": .boolean]), "grammar?": .string,
            "user?": .string, "priority?": .integer, "cache_prompt?": .boolean,
        ]
        guard case .object(let first) = request(own), case .object(let rest) = request(common)
        else { return .anything }
        return .object(first + rest)
    }

    /// An object whose optional members may as well be null, which is as if they were absent.
    private static func request(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        guard case .object(let all) = JSONSchema.members(members) else { return .anything }
        return .object(all.map { $0.isRequired ? $0 : $0.orNull })
    }

    /// The text to be cut goes by one of several names.
    private static func tokenizeRequest(
        _ name: String, _ schema: JSONSchema, _ rest: KeyValuePairs<String, JSONSchema> = [:]
    ) -> JSONSchema {
        let common: KeyValuePairs<String, JSONSchema> = [
            "model?": .string, "add_special?": .boolean, "parse_special?": .boolean, "with_pieces?": .boolean,
        ]
        guard case .object(let own) = JSONSchema.members([name: schema]), case .object(let more) = request(common),
            case .object(let last) = request(rest)
        else { return .anything }
        return .object(own + more + last)
    }

    static let openAI: KeyValuePairs<String, JSONSchema> = [
        "OpenAIError": .members([
            "error": .members([
                "message": .string, "type": .string, "param": .anyOf([.string, .null]),
                "code": .anyOf([.string, .null]), "n_prompt_tokens?": .count, "n_ctx?": .count,
            ])
        ]),
        "ChatMessage": request([
            "role": .words(["developer", "system", "user", "assistant", "tool", "function"]),
            "content?": .anyOf([.string, .list(request(["type": .words(["text", "refusal"]), "text?": .string]))]),
            "name?": .string, "tool_calls?": .list(.named("PastToolCall")), "tool_call_id?": .string,
            "refusal?": .string, "reasoning_content?": .string,
        ]),
        "PastToolCall": request([
            "id?": .string, "type?": .words(["function"]),
            "function": request(["name": .string, "arguments?": .anyOf([.string, parameters])]),
        ]),
        "ToolCall": .members([
            "id": .string, "type": .words(["function"]),
            "function": .members(["name": .string, "arguments": .string]),
        ]),
        "Tool": request([
            "type": .words(["function"]),
            "function": request(["name": .string, "description?": .string, "parameters?": parameters]),
        ]),
        "ChatRequest": textRequest([
            "model?": .string, "messages": .list(.named("ChatMessage")), "tools?": .list(.named("Tool")),
            "tool_choice?": .anyOf([.words(["auto", "none", "required"]), parameters]),
            "parallel_tool_calls?": .boolean, "response_format?": parameters, "logprobs?": .boolean,
            "top_logprobs?": .count, "max_completion_tokens?": .integer, "reasoning_effort?": .string,
            "chat_template_kwargs?": parameters,
        ]),
        "ChatReply": .members([
            "id": .string, "object": .words(["chat.completion"]), "created": .count, "model": .string,
            "system_fingerprint?": .string,
            "choices": .list(
                .members([
                    "index": .count, "finish_reason": .string, "logprobs": .anything,
                    "message": .members([
                        "role": .words(["assistant"]), "content": .anyOf([.string, .null]),
                        "reasoning_content?": .string, "tool_calls?": .list(.named("ToolCall")),
                    ]),
                ])),
            "usage": .named("Usage"),
        ]),
        "CompletionRequest": textRequest([
            "model?": .string, "prompt": prompt, "echo?": .boolean, "logprobs?": .anyOf([.count, .boolean]),
            "response_format?": parameters,
        ]),
        "CompletionReply": .members([
            "id": .string, "object": .words(["text_completion"]), "created": .count, "model": .string,
            "system_fingerprint?": .string,
            "choices": .list(
                .members(["index": .count, "text": .string, "finish_reason": .string, "logprobs": .anything])),
            "usage": .named("Usage"),
        ]),
        "Usage": .members([
            "prompt_tokens": .count, "total_tokens": .count, "completion_tokens?": .count,
            "prompt_tokens_details?": .members(["cached_tokens": .count]),
            "completion_tokens_details?": .members(["reasoning_tokens": .count]),
        ]),
    ]

    /// Bodies of what turns texts into vectors, scores and tokens.
    static let openAITexts: KeyValuePairs<String, JSONSchema> = [
        "EmbeddingRequest": request([
            "model?": .string, "input": prompt, "encoding_format?": .words(["float", "base64"]),
            "dimensions?": .wholeNumber(from: 1), "user?": .string,
        ]),
        "EmbeddingReply": .members([
            "object": .words(["list"]), "model": .string,
            "data": .list(
                .members([
                    "object": .words(["embedding"]), "index": .count,
                    "embedding": .anyOf([.string, .list(.number)]),
                ])),
            "usage": .named("Usage"),
        ]),
        "RerankRequest": request([
            "model?": .string, "query": .string, "documents": .list(.string), "top_n?": .wholeNumber(from: 1),
            "return_documents?": .boolean,
        ]),
        "RerankReply": .members([
            "object": .words(["list"]), "model": .string,
            "results": .list(.members(["index": .count, "relevance_score": .number, "document?": .anything])),
            "usage": .named("Usage"),
        ]),
        "TokenizeRequest": .anyOf([
            tokenizeRequest("content", .string), tokenizeRequest("prompt", .string),
            tokenizeRequest(
                "messages", .list(.named("ChatMessage")),
                [
                    "tools?": .list(.named("Tool")), "chat_template_kwargs?": parameters,
                    "add_generation_prompt?": .boolean,
                ]),
        ]),
        "TokenizeReply": .members([
            "tokens": .list(.anyOf([.count, .members(["id": .count, "piece": .anyOf([.string, .list(.count)])])])),
            "count": .count, "max_model_len?": .count,
        ]),
        "DetokenizeRequest": request(["model?": .string, "tokens": .list(.count)]),
        "DetokenizeReply": .members(["content": .string, "prompt": .string]),
        "TemplateRequest": request([
            "model?": .string, "messages": .list(.named("ChatMessage")), "tools?": .list(.named("Tool")),
            "chat_template_kwargs?": parameters, "add_generation_prompt?": .boolean,
        ]),
        "TemplateReply": .members(["prompt": .string]),
        "GenerateRequest": request([
            "id?": .string, "text_input": .string, "parameters?": .map(.anyOf([.string, .number, .boolean, .null])),
        ]),
        "GenerateReply": .members([
            "id?": .string, "model_name": .string, "model_version": .string, "text_output": .string,
            "finish_reason?": .string,
        ]),
    ]
}
