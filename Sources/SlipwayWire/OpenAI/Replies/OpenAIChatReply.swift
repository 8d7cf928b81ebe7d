// SPDX-License-Identifier: Apache-2.0

/// A call of a function, whole.
package struct OpenAIToolCall: Sendable, Hashable {
    package var id: String
    package var name: String
    /// JSON, as the model wrote it.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// One answer of a chat, whole.
package struct OpenAIChatChoice: Sendable, Hashable {
    package var index: Int
    package var content: String
    package var reasoning: String
    package var toolCalls: [OpenAIToolCall]
    package var finish: OpenAIFinish
    /// `nil` when no log probabilities were asked for.
    package var scores: [OpenAITokenScore]?

    package init(
        index: Int, content: String, reasoning: String = "", toolCalls: [OpenAIToolCall] = [], finish: OpenAIFinish,
        scores: [OpenAITokenScore]? = nil
    ) {
        self.index = index
        self.content = content
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.finish = finish
        self.scores = scores
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("index", index)
            json.member("finish_reason", finish.rawValue)
            OpenAITokenScore.writeChat(scores, to: &json)
            json.member("message", object: { writeMessage(to: &$0) })
        }
    }

    private func writeMessage(to json: inout JSONWriter) {
        json.member("role", "assistant")
        if content.isEmpty, !toolCalls.isEmpty { json.member(null: "content") } else { json.member("content", content) }
        json.member(null: "refusal")
        if !reasoning.isEmpty { json.member("reasoning_content", reasoning) }
        guard !toolCalls.isEmpty else { return }
        json.member(
            "tool_calls",
            array: { json in
                for call in toolCalls {
                    json.object { json in
                        json.member("id", call.id)
                        json.member("type", "function")
                        json.member(
                            "function",
                            object: { json in
                                json.member("name", call.name)
                                json.member("arguments", call.arguments)
                            })
                    }
                }
            })
    }
}

/// The answer of `POST /v1/chat/completions` that is not streamed.
package enum OpenAIChatReply {
    package static func encode(
        _ choices: [OpenAIChatChoice], head: OpenAIReplyHead, usage: OpenAIUsage
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            head.write(object: "chat.completion", to: &json)
            json.member("choices", array: { json in for choice in choices { choice.write(to: &json) } })
            usage.write(to: &json)
        }
        return json.bytes
    }
}
