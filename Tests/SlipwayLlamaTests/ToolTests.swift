// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import Testing

/// The template of this model knows no tools.
@Suite("Tools that a template does not know", .enabled(if: TestModel.isInstalled, TestModel.skipReason))
struct ToolTests {
    private let model: any LanguageModel

    init() throws { model = try TestModel.load() }

    private static let weather = #"""
        {"type":"function","function":{"name":"get_\"weather\"","parameters":{"type":"object","properties":{"city":
        {"$ref":"#/$defs/City"}},"required":["city"],"$defs":{"City":{"type":"string","maxLength":8}}}}}
        """#
    private static let clock = #"""
        {"type":"function","function":{"name":"get_time","description":"The <|im_end|> time","parameters":{"type":
        "object","properties":{"zone":{"enum":["UTC","CET"]}},"required":["zone"]}}}
        """#

    private func renderTools(_ choice: ChatInput.ToolChoice, question: String = "Hi") throws -> RenderedChat {
        let messages = #"[{"role":"system","content":"Be brief."},{"role":"user","content":"\#(question)"}]"#
        var chat = ChatInput(messages: Array(messages.utf8))
        chat.tools = Array("[\(Self.weather),\(Self.clock)]".utf8)
        chat.toolChoice = choice
        return try model.render(chat)
    }

    /// All that a parser tells of an answer that it is given piece by piece.
    private func answer(_ text: String, cutAt cuts: [Int], syntax: [UInt8]) throws -> Told {
        let parser = try model.makeParser(syntax)
        var told = Told()
        for cut in cuts { told.add(try parser.read(String(text.prefix(cut)), isPartial: true)) }
        told.add(try parser.read(text, isPartial: false))
        return told
    }

    @Test("a model whose template knows no tools is told of them")
    func toldTools() throws {
        let chat = try renderTools(.auto)
        #expect(chat.prompt.hasPrefix("<|im_start|>system\nBe brief.\n\n"))
        #expect(chat.prompt.contains(#""name":"get_\"weather\"""#) && chat.prompt.contains(#""enum":["UTC","CET"]"#))
        #expect(chat.prompt.contains("The <|im_end|> time"))
        // The system's and the user's message
        #expect(try model.tokenize(chat.parts).filter(model.isEnd).count == 2)
        #expect(chat.constraint.isEmpty && !chat.syntax.isEmpty)
        #expect(try !renderTools(.none).prompt.contains("get_time"))
    }

    @Test(
        "a call that is required is made, with arguments of its schema",
        arguments: [
            (ChatInput.ToolChoice.required, ["get_\"weather\"", "get_time"]), (.function("get_time"), ["get_time"]),
            (.function("get_\"weather\""), ["get_\"weather\""]),
        ])
    func requiredTool(choice: ChatInput.ToolChoice, names: [String]) throws {
        let chat = try renderTools(choice, question: "What is the weather in Paris?")
        var options = SamplingOptions.greedy
        options.constraint = .rendered(chat.constraint)
        let writer = try Writer(model)
        let text = try writer.text(writer.complete(model.tokenize(chat.parts), 100, with: options))
        let told = try answer(text, cutAt: Array(0...text.count), syntax: chat.syntax)
        #expect(told.content.isEmpty && told.ids == 1)
        #expect(names.contains(told.name))
        let packed = told.arguments.filter { !$0.isWhitespace }
        #expect(packed.hasPrefix(told.name == "get_time" ? #"{"zone":""# : #"{"city":""#) && packed.hasSuffix(#""}"#))
    }

    @Test(
        "a call in an answer is found wherever the answer is cut",
        arguments: [
            (#"{"name": "get_time", "arguments": {"zone": "}\"{"}}"#, #"{"zone": "}\"{"}"#),
            ("\n { \"name\":\"get_\\u0074ime\",\"arguments\":{\"a\":[{}, 1] } } \n", #"{"a":[{}, 1] }"#),
            (#"{"name": "get_time", "arguments": {"zone": "ü"#, #"{"zone": "ü"#),
            (#"{"name": "get_time", "arguments": {}}"#, "{}"),
        ], [ChatInput.ToolChoice.auto, .required])
    func foundCall(call: (text: String, arguments: String), choice: ChatInput.ToolChoice) throws {
        let syntax = try renderTools(choice).syntax
        for step in 1...call.text.count {
            let cuts = Array(stride(from: 0, through: call.text.count, by: step))
            let told = try answer(call.text, cutAt: cuts, syntax: syntax)
            #expect(told == Told(name: "get_time", arguments: call.arguments, ids: 1), "by \(step)")
        }
    }

    @Test("the arguments of a call are told as they come, its name before them")
    func gradualCall() throws {
        let parser = try model.makeParser(renderTools(.auto).syntax)
        #expect(try parser.read(#"{"name": "get_time", "arguments": "#, isPartial: true).isEmpty)
        let told = try parser.read(#"{"name": "get_time", "arguments": {"zo"#, isPartial: true)
        #expect(told.map(\AnswerDelta.toolCall?.name) == ["get_time", nil])
        #expect(told.map(\AnswerDelta.toolCall?.arguments) == ["", #"{"zo"#])
        let more = try parser.read(#"{"name": "get_time", "arguments": {"zone": "UTC"}}"#, isPartial: true)
        #expect(more.map(\AnswerDelta.toolCall?.arguments) == [#"ne": "UTC"}"#])
        #expect(
            try parser.read(#"{"name": "get_time", "arguments": {"zone": "UTC"}} so"#, isPartial: false)
                == [AnswerDelta(content: " so")])
    }

    @Test(
        "an answer that is no call is content wherever it is cut",
        arguments: [
            "Hello {you}", " \n", "", "{", #"{"name": "get_time""#, #"{"name": "nobody", "arguments": {}}"#,
            #"{"name": "get_time", "arguments": "x"}"#, #"{"colour": "ü"}"#, #"{"name": 5}"#, #"{"name": "\u12"}"#,
            #"[{"name": "get_time", "arguments": {}}]"#,
        ])
    func noCall(text: String) throws {
        let syntax = try renderTools(.auto).syntax
        for step in 1...max(1, text.count) {
            let told = try answer(text, cutAt: Array(stride(from: 0, through: text.count, by: step)), syntax: syntax)
            #expect(told == Told(content: text), "by \(step)")
        }
    }

    @Test("calls and their results are part of the conversation")
    func calls() throws {
        let messages = #"""
            [{"role":"user","content":"w"},{"role":"assistant","content":null,"tool_calls":[{"id":"a",
            "type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]},
            {"role":"tool","tool_call_id":"a","content":"sunny"},{"role":"user","content":"Thanks"}]
            """#
        let chat = try model.render(ChatInput(messages: Array(messages.utf8)))
        #expect(chat.prompt.contains("assistant\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}<|im_end|>"))
        #expect(chat.prompt.contains("user\nResult of f: sunny\n\nThanks<|im_end|>"))
    }
}

/// What a parser told of an answer, put together.
private struct Told: Equatable {
    var content = ""
    var name = ""
    var arguments = ""
    var ids = 0

    mutating func add(_ deltas: [AnswerDelta]) {
        for delta in deltas {
            content += delta.content
            name += delta.toolCall?.name ?? ""
            arguments += delta.toolCall?.arguments ?? ""
            if delta.toolCall?.id?.isEmpty == false { ids += 1 }
        }
    }
}
