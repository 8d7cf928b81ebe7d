// SPDX-License-Identifier: Apache-2.0

/// A request of `POST /v1/chat/completions`.
package struct OpenAIChatRequest: Sendable, Hashable {
    package var options: OpenAIOptions
    /// A JSON list of messages whose roles are system, user, assistant and tool.
    package var messages: [UInt8]
    package var messageCount: Int
    /// A JSON list of tools; empty for none.
    package var tools: [UInt8]
    package var toolChoice: OpenAIToolChoice
    package var allowsParallelCalls: Bool
    /// A JSON object of values for the template; empty for none.
    package var templateArguments: [UInt8]
    package var addsGenerationPrompt: Bool
    /// `nil` for the template's own way.
    package var thinks: Bool?
    /// How many of the likeliest tokens to tell with each one; `nil` for no log probabilities.
    package var alternatives: Int?
    /// The same for all requests of one conversation: of what came before the first answer.
    package var conversationKey: String

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var reader = OpenAIChatReader()
        try scanner.members { (scanner, key) throws(WireError) in try reader.read(key, &scanner) }
        try scanner.finish()
        return try reader.finished()
    }
}

/// Which tools an answer may call.
package enum OpenAIToolChoice: Sendable, Hashable {
    case auto, none, required
    /// The function of this name, and no other.
    case function(String)
}

/// Reads the members of a chat's request, in any order.
struct OpenAIChatReader {
    private var options = OpenAIOptionReader()
    private var messages: OpenAIMessageReader?
    private var tools = OpenAITools()
    private var choice: OpenAIToolChoice?
    private var allowsParallelCalls = true
    private var arguments: [UInt8] = []
    private var effort: String?
    private var addsGenerationPrompt = true
    private var thinks: Bool?
    private var tellsProbabilities = false
    private var alternatives: Int?

    /// Reads the value of the member `key`, or returns `false` without reading.
    mutating func read(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> Bool {
        switch key {
        case "messages":
            var reader = OpenAIMessageReader()
            try reader.read(&scanner)
            messages = reader
        case "tools": tools = try OpenAITools.read(&scanner)
        case "functions": tools = try OpenAITools.read(oldFunctions: &scanner)
        case "tool_choice", "function_call": choice = try OpenAITools.choice(&scanner)
        case "parallel_tool_calls": allowsParallelCalls = try scanner.flag()
        case "chat_template_kwargs": try readArguments(&scanner)
        case "reasoning_effort": effort = try scanner.text()
        case "add_generation_prompt": addsGenerationPrompt = try scanner.flag()
        case "continue_final_message":
            guard try !scanner.flag() else {
                throw WireError(.invalidRequest, "continuing the last message is not supported: leave it out")
            }
        case "logprobs": tellsProbabilities = try scanner.flag()
        case "top_logprobs": alternatives = try scanner.wholeNumber(in: 0...20)
        default: return try options.read(key, &scanner)
        }
        return true
    }

    private mutating func readArguments(_ scanner: inout JSONScanner) throws(WireError) {
        var probe = scanner
        arguments = Array(try scanner.rawObject())
        var thinks: Bool?
        try probe.members { (scanner, key) throws(WireError) in
            guard key == "enable_thinking" else { return false }
            thinks = try scanner.flag()
            return true
        }
        self.thinks = thinks
    }

    func finished() throws(WireError) -> OpenAIChatRequest {
        guard let messages, messages.count > 0 else {
            throw WireError(.invalidRequest, "expected at least one message, got none", at: "messages")
        }
        guard tellsProbabilities || alternatives == nil || alternatives == 0 else {
            throw WireError(.invalidRequest, "expected logprobs to be true with it", at: "top_logprobs")
        }
        return OpenAIChatRequest(
            options: try options.finished(), messages: messages.json, messageCount: messages.count, tools: tools.json,
            toolChoice: try tools.checked(choice), allowsParallelCalls: allowsParallelCalls,
            templateArguments: templateArguments, addsGenerationPrompt: addsGenerationPrompt,
            thinks: thinks ?? (effort == "none" ? false : nil),
            alternatives: tellsProbabilities ? alternatives ?? 0 : nil, conversationKey: messages.conversationKey)
    }

    /// The effort is one of the template's values; the caller's own come later, so that they win.
    private var templateArguments: [UInt8] {
        guard let effort, effort != "none" else { return arguments }
        var json = JSONWriter()
        json.object { $0.member("reasoning_effort", effort) }
        guard arguments.count > 2, arguments.contains(.quote) else { return json.bytes }
        return json.bytes.dropLast() + [.comma] + arguments.dropFirst()
    }
}
