// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Chats are read")
struct OpenAIChatRequestTests {
    @Test(
        "messages are written anew with the members and roles of templates",
        arguments: [
            (#"{"role":"user","content":"a"}"#, #"{"role":"user","content":"a"}"#),
            (#"{"role":"developer","content":"a"}"#, #"{"role":"system","content":"a"}"#),
            (#"{ "content" : "\u00e9" , "role" : "developer" }"#, #"{"content":"\u00e9","role":"system"}"#),
            (
                #"{"role":"user","name":"n","content":[{"text":"\"a","type":"text","x":1}],"x":[NaN],"y":null}"#,
                #"{"role":"user","name":"n","content":[{"type":"text","text":"\"a"}]}"#
            ),
            (
                joined(
                    #"{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"1","function":"#,
                    #"{"name":"f","arguments":""}},{"type":"function","function":{"name":"g","#,
                    #""arguments":{"a":1}}}]},{"role":"function","name":"f","content":"1"}"#),
                joined(
                    #"{"role":"assistant","tool_calls":[{"type":"function","id":"1","function":"#,
                    #"{"name":"f","arguments":"{}"}},{"type":"function","function":{"name":"g","#,
                    #""arguments":{"a":1}}}]},{"role":"tool","name":"f","content":"1"}"#)
            ),
            (
                #"{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}"#,
                joined(
                    #"{"role":"assistant","tool_calls":[{"type":"function","id":"call_0","#,
                    #""function":{"name":"f","arguments":"{}"}}]}"#)
            ),
            (
                joined(
                    #"{"role":"assistant","content":null},{"role":"assistant","refusal":"n\"o","content":null},"#,
                    #"{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}"#),
                joined(
                    #"{"role":"assistant","content":""},{"role":"assistant","content":"n\"o"},"#,
                    #"{"role":"assistant","content":[{"type":"text","text":"no"}]}"#)
            ),
            (
                #"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]},{"role":"tool","content":null}"#,
                joined(
                    #"{"role":"assistant","tool_calls":[{"type":"function","function":"#,
                    #"{"name":"f","arguments":"{}"}}]},"#,
                    #"{"role":"tool","content":""}"#)
            ),
        ])
    func messages(given: String, expected: String) throws {
        let request = try chat(messages: given)
        #expect(text(request.messages) == "[" + expected + "]")
    }

    @Test(
        "a message that is wrong is told with its place",
        arguments: [
            ("", "messages"), (#"5"#, "messages[0]"), (#"{"content":"a"}"#, "messages[0].role"),
            (#"{"role":"king","content":"a"}"#, "messages[0].role"), (#"{"role":"user"}"#, "messages[0].content"),
            (#"{"role":"user","content":null}"#, "messages[0].content"),
            (#"{"role":"user","content":7}"#, "messages[0].content"),
            (#"{"role":"user","content":"a"},{"role":"user","content":[1]}"#, "messages[1].content[0]"),
            (
                #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}"#,
                "messages[0].content[0].type"
            ),
            (#"{"role":"user","content":[{"type":"text"}]}"#, "messages[0].content[0].text"),
            (#"{"role":"tool","content":"1","tool_call_id":"x"}"#, "messages[0].role"),
            (#"{"role":"assistant","tool_calls":[{"id":1}]}"#, "messages[0].tool_calls[0].id"),
            (#"{"role":"assistant","tool_calls":[{"id":"1"}]}"#, "messages[0].tool_calls[0].function"),
            (
                #"{"role":"assistant","tool_calls":[{"function":{"arguments":""}}]}"#,
                "messages[0].tool_calls[0].function.name"
            ),
        ])
    func refusals(messages: String, param: String) throws {
        let error = try #require(refusal { _ = try chat(messages: messages) })
        #expect(OpenAIFailure(error).param == param)
    }

    @Test("text that is not UTF-8 is refused")
    func invalidUTF8() {
        var body = Array(#"{"messages":[{"role":"user","content":"?"}]}"#.utf8)
        body[body.count - 5] = 0xFF
        #expect(refusal { _ = try body.withUnsafeBytes { try OpenAIChatRequest.decode($0) } } != nil)
    }

    @Test("tools are kept, in the shape of today", arguments: [false, true])
    func tools(isOld: Bool) throws {
        let function = #"{"name":"f","description":"d","parameters":{"type": "object"}}"#
        let tool = #"{"type":"function","function":"# + function + "}"
        let request = try chat(
            isOld
                ? #""functions":["# + function + #"],"function_call":{"name":"f"}"#
                : joined(
                    #""tools":["#, tool,
                    #"],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false"#))
        #expect(text(request.tools) == "[" + tool + "]")
        #expect(request.toolChoice == .function("f"))
        #expect(request.allowsParallelCalls == isOld)
    }

    @Test(
        "tools that are wrong are told",
        arguments: [
            (#""tools":[{"function":{"name":"f"}}]"#, "tools[0].type"),
            (#""tools":[{"type":"custom","custom":{}}]"#, "tools[0].type"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function"),
            (#""tools":[{"type":"function","function":{"name":""}}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
            (#""tools":{}"#, "tools"), (#""tool_choice":"some""#, "tool_choice"),
            (#""tool_choice":{"type":"function","function":{"name":"g"}}"#, "tool_choice"),
            (#""tool_choice":{"type":"function"}"#, "tool_choice.function"),
        ])
    func wrongTools(members: String, param: String) throws {
        let error = try #require(refusal { _ = try chat(members) })
        #expect(OpenAIFailure(error).param == param)
    }

    @Test(
        "values for the template",
        arguments: [
            ("", "", nil), (#""reasoning_effort":"low""#, #"{"reasoning_effort":"low"}"#, nil),
            (#""reasoning_effort":"none""#, "", false),
            (#""chat_template_kwargs":{"enable_thinking":false,"a":1}"#, #"{"enable_thinking":false,"a":1}"#, false),
            (
                #""chat_template_kwargs":{"a":1},"reasoning_effort":"low""#, #"{"reasoning_effort":"low","a":1}"#,
                nil
            ),
            (#""chat_template_kwargs":{},"reasoning_effort":"low""#, #"{"reasoning_effort":"low"}"#, nil),
        ] as [(String, String, Bool?)])
    func templateArguments(members: String, expected: String, thinks: Bool?) throws {
        let request = try chat(members)
        #expect(text(request.templateArguments) == expected)
        #expect(request.thinks == thinks)
    }

    @Test(
        "log probabilities",
        arguments: [("false", nil), ("true", 0), (#"true,"top_logprobs":3"#, 3)] as [(String, Int?)])
    func logprobs(value: String, alternatives: Int?) throws {
        #expect(try chat(#""logprobs":"# + value).alternatives == alternatives)
    }

    @Test("a conversation keeps its key while it grows, and another has another")
    func conversationKey() throws {
        let system = #"{"role":"system","content":"S"},"#
        let first = try chat(messages: system + #"{"role":"user","content":"A"}"#).conversationKey
        let grown = try chat(
            messages: system
                + joined(
                    #"{"role":"user","content":"A"},{"role":"assistant","content":"B"},"#,
                    #"{"role":"system","content":"T"},{"role":"user","content":"C"}"#))
        #expect(grown.conversationKey == first)
        let parts = try chat(messages: system + #"{"role":"user","content":[{"type":"text","text":"A"}]}"#)
        #expect(parts.conversationKey == first)
        let others = [
            #"{"role":"user","content":"A"}"#, system + #"{"role":"user","content":"B"}"#,
            #"{"role":"system","content":"SA"},{"role":"user","content":""}"#,
        ]
        for other in others { #expect(try chat(messages: other).conversationKey != first) }
        // FNV-1a of "user", "Hi" and the end, computed by hand: the key must not change between releases.
        #expect(try chat().conversationKey == "f3bba5a498eab9ce")
    }

    @Test("100,000 messages are read, one more is refused")
    func manyMessages() throws {
        let message = #"{"role":"developer","content":"a"}"#
        let most = Array(repeating: message, count: 100_000).joined(separator: ",")
        #expect(try chat(messages: most).messageCount == 100_000)
        let error = try #require(refusal { _ = try chat(messages: most + "," + message) })
        #expect(OpenAIFailure(error).param == "messages")
    }

    @Test("nesting without end is refused")
    func depth() throws {
        let deep = String(repeating: "[", count: 100_000)
        for body in [#"{"messages":"#, #"{"tools":"#, #"{"x":"#, #"{"json_schema":{"a":"#] {
            #expect(refusal { _ = try decodeChat(body + deep + "]}") } != nil)
        }
    }
}
