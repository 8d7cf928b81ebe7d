// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

/// One message of a conversation.
package struct ChatMessage: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable { case system, user, assistant }

    package let role: Role
    package let text: String

    package init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// A conversation to be continued.
package struct ChatQuestion: Sendable, Hashable {
    package var model: String
    package var messages: [ChatMessage]
    /// `nil` for the server's own.
    package var temperature: Double?
    /// Of the answer; `nil` for as many as fit.
    package var maximumTokens: Int?

    package init(model: String, messages: [ChatMessage], temperature: Double? = nil, maximumTokens: Int? = nil) {
        self.model = model
        self.messages = messages
        self.temperature = temperature
        self.maximumTokens = maximumTokens
    }

    /// The body of `POST /v1/chat/completions` that asks for the answer as a stream.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("model", model)
            json.member("stream", true)
            json.object("stream_options") { $0.member("include_usage", true) }
            if let temperature {
                json.key("temperature")
                json.value(temperature)
            }
            if let maximumTokens { json.member("max_completion_tokens", maximumTokens) }
            json.member(
                "messages",
                array: { json in
                    for message in messages {
                        json.object { json in
                            json.member("role", message.role.rawValue)
                            json.member("content", message.text)
                        }
                    }
                })
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        member(name, object: members)
    }
}
