// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

func decodeChat(_ json: String) throws -> OpenAIChatRequest {
    try Array(json.utf8).withUnsafeBytes { try OpenAIChatRequest.decode($0) }
}

/// A chat of one message with more members.
func chat(_ members: String = "") throws -> OpenAIChatRequest {
    try decodeChat(#"{"messages":[{"role":"user","content":"Hi"}]"# + (members.isEmpty ? "" : ",") + members + "}")
}

/// A chat of these messages.
func chat(messages: String) throws -> OpenAIChatRequest { try decodeChat(#"{"messages":["# + messages + "]}") }

func decodeCompletion(_ json: String) throws -> OpenAICompletionRequest {
    try Array(json.utf8).withUnsafeBytes { try OpenAICompletionRequest.decode($0) }
}

let head = OpenAIReplyHead(id: "x-1", created: 1_760_000_000, model: "m")
