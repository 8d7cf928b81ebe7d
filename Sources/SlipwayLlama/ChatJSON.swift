// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayEngine

/// The JSON between ``LlamaModel`` and the library; `Engines/llama/README.md` describes its members.
enum ChatJSON {
    /// Members are passed on as they came; the caller has checked that they are JSON.
    static func request(_ chat: ChatInput) -> [UInt8] {
        var json = Array(#"{"messages":"#.utf8) + chat.messages
        func add(_ name: String, _ value: some Sequence<UInt8>) {
            json += #","\#(name)":"#.utf8
            json += value
        }
        if !chat.tools.isEmpty { add("tools", chat.tools) }
        switch chat.toolChoice {
        case .auto: break
        case .none: add("tool_choice", text("none"))
        case .required: add("tool_choice", text("required"))
        case .function(let name): add("tool_choice", #"{"function":"#.utf8 + text(name) + "}".utf8)
        }
        if !chat.allowsParallelCalls { add("parallel_tool_calls", "false".utf8) }
        if !chat.schema.isEmpty { add("json_schema", chat.schema) }
        if let grammar = chat.grammar { add("grammar", text(grammar)) }
        if !chat.templateArguments.isEmpty { add("chat_template_kwargs", chat.templateArguments) }
        if !chat.addsGenerationPrompt { add("add_generation_prompt", "false".utf8) }
        if let thinks = chat.thinks { add("enable_thinking", (thinks ? "true" : "false").utf8) }
        json.append(UInt8(ascii: "}"))
        return json
    }

    static func rendered(_ json: [UInt8]) throws(EngineError) -> RenderedChat {
        let answer = try decode(Answer.self, json)
        let syntax = Array(answer.syntax.utf8)
        return RenderedChat(
            parts: answer.parts.map { PromptPart(text: $0.text, parsesSpecial: $0.special) },
            stops: answer.stops, constraint: Array((answer.constraint ?? "").utf8),
            syntax: isPlain(syntax) ? [] : syntax)
    }

    static func differences(_ json: [UInt8]) throws(EngineError) -> [AnswerDelta] {
        try decode([Difference].self, json).map { difference in
            AnswerDelta(
                content: difference.content ?? "", reasoning: difference.reasoning ?? "",
                toolCall: difference.tool.map {
                    AnswerDelta.ToolCall(index: $0.index, id: $0.id, name: $0.name, arguments: $0.arguments)
                })
        }
    }

    /// Whether an answer of this syntax is its content as it stands.
    static func isPlain(_ syntax: [UInt8]) -> Bool {
        struct Kind: Decodable { let plain: Bool? }
        return (try? JSONDecoder().decode(Kind.self, from: Data(syntax)))?.plain == true
    }

    /// A JSON text with its quotes.
    static func text(_ text: String) -> [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "\"")]
        json.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                json += "\\u00".utf8
                json += [hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            default:
                json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
        return json
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ json: [UInt8]) throws(EngineError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch {
            throw EngineError(
                code: .executionFailed, message: "llama.cpp's answer cannot be read; it is another version",
                cause: error)
        }
    }

    private struct Answer: Decodable {
        struct Part: Decodable {
            let text: String
            let special: Bool
        }
        let parts: [Part]
        let stops: [String]
        let constraint: String?
        let syntax: String
    }

    private struct Difference: Decodable {
        struct Tool: Decodable {
            let index: Int
            let id: String?
            let name: String?
            let arguments: String
        }
        let content: String?
        let reasoning: String?
        let tool: Tool?
    }
}
