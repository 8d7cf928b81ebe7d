// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Streams are written as OpenAI's")
struct OpenAIStreamTests {
    private static let begin =
        #"data: {"id":"x-1","object":"chat.completion.chunk","created":1760000000,"model":"m","choices":["#

    private func chunk(_ choice: String, usage: Bool = false) -> String {
        Self.begin + choice + (usage ? #"],"usage":null}"# : "]}") + "\n\n"
    }

    @Test("chunks of a chat")
    func chat() {
        let stream = OpenAIChatStream(head: head, includesUsage: false)
        #expect(
            text(stream.opening(choice: 0))
                == chunk(
                    joined(
                        #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"#,
                        #""finish_reason":null}"#)))
        #expect(
            text(stream.content("H\"\n", choice: 12))
                == chunk(#"{"index":12,"delta":{"content":"H\"\n"},"logprobs":null,"finish_reason":null}"#))
        #expect(
            text(stream.reasoning("hm", choice: 0))
                == chunk(#"{"index":0,"delta":{"reasoning_content":"hm"},"logprobs":null,"finish_reason":null}"#))
        #expect(
            text(stream.toolCall(index: 0, id: "call_1", name: "f", arguments: "", choice: 0))
                == chunk(
                    joined(
                        #"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","#,
                        #""function":{"name":"f","arguments":""}}]},"logprobs":null,"finish_reason":null}"#)))
        #expect(
            text(stream.toolCall(index: 1, arguments: #"{"a""#, choice: 0))
                == chunk(
                    joined(
                        #"{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"a\""}}]},"#,
                        #""logprobs":null,"finish_reason":null}"#)))
        #expect(
            text(stream.finish(.toolCalls, choice: 0))
                == chunk(#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}"#))
        let scores = [OpenAITokenScore(bytes: [97], logProbability: -1)]
        #expect(
            text(stream.content("a", choice: 0, scores: scores))
                == chunk(
                    joined(
                        #"{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1.0,"#,
                        #""bytes":[97],"top_logprobs":[]}],"refusal":null},"finish_reason":null}"#)))
    }

    @Test("with usage every chunk has the member, and the last no choices")
    func usage() {
        let stream = OpenAIChatStream(head: head, includesUsage: true)
        #expect(
            text(stream.content("a", choice: 0))
                == chunk(#"{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}"#, usage: true))
        #expect(
            text(stream.usage(OpenAIUsage(promptTokens: 1, completionTokens: 2)))
                == Self.begin
                + joined(
                    #"],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"#,
                    #""prompt_tokens_details":{"cached_tokens":0},"#,
                    #""completion_tokens_details":{"reasoning_tokens":0}}}"#, "\n\n"))
    }

    @Test("chunks of completions count their offsets choice by choice")
    func completions() {
        var stream = OpenAICompletionStream(head: head, includesUsage: false)
        let begin = #"data: {"id":"x-1","object":"text_completion","created":1760000000,"model":"m","choices":["#
        #expect(
            text(stream.content("a", choice: 0))
                == begin + #"{"index":0,"text":"a","logprobs":null,"finish_reason":null}]}"# + "\n\n")
        let scores = [OpenAITokenScore(bytes: Array("éa".utf8), logProbability: -1)]
        func expected(_ choice: Int, _ offset: Int) -> String {
            begin + #"{"index":\#(choice),"text":"éa","logprobs":{"tokens":["éa"],"token_logprobs":[-1.0],"#
                + #""top_logprobs":[{"éa":-1.0}],"text_offset":[\#(offset)]},"finish_reason":null}]}"# + "\n\n"
        }
        #expect(text(stream.content("éa", choice: 0, scores: scores)) == expected(0, 0))
        #expect(text(stream.content("éa", choice: 0, scores: scores)) == expected(0, 2))
        #expect(text(stream.content("éa", choice: 1, scores: scores)) == expected(1, 0))
        #expect(
            text(stream.finish(.stop, choice: 1))
                == begin + #"{"index":1,"text":"","logprobs":null,"finish_reason":"stop"}]}"# + "\n\n")
    }

    @Test("every event is one line of data and an empty line, whatever the text")
    func framing() {
        let stream = OpenAIChatStream(head: head, includesUsage: true)
        let everything = String(String.UnicodeScalarView((0..<0x800).compactMap { Unicode.Scalar($0) }))
        let events = [
            stream.opening(choice: 0), stream.content(everything, choice: 0), stream.reasoning(everything, choice: 0),
            stream.toolCall(index: 0, id: everything, name: everything, arguments: everything, choice: 0),
            stream.finish(.length, choice: 0), OpenAIEvents.done,
        ]
        for event in events {
            #expect(event.starts(with: "data: ".utf8))
            // JSON escapes line breaks: the only ones are the frame's.
            #expect(event.count { $0 == 10 || $0 == 13 } == 2)
            #expect(event.suffix(2) == [10, 10])
        }
        #expect(text(OpenAIEvents.done) == "data: [DONE]\n\n")
        #expect(text(OpenAIEvents.ping) == ": ping\n\n")
    }
}
