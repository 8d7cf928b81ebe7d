// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Whole answers are written as OpenAI's")
struct OpenAIReplyTests {
    private static let usage = joined(
        #""usage":{"prompt_tokens":44,"completion_tokens":48,"total_tokens":92,"#,
        #""prompt_tokens_details":{"cached_tokens":32},"completion_tokens_details":{"reasoning_tokens":0}}"#)

    private static let counted = OpenAIUsage(promptTokens: 44, completionTokens: 48, cachedTokens: 32)

    @Test("a chat")
    func chat() {
        let choice = OpenAIChatChoice(index: 0, content: "H\"i\n", finish: .stop)
        var head = head
        head.fingerprint = "slipway-1"
        #expect(
            text(OpenAIChatReply.encode([choice], head: head, usage: Self.counted))
                == joined(
                    #"{"id":"x-1","object":"chat.completion","created":1760000000,"model":"m","#,
                    #""system_fingerprint":"slipway-1","choices":[{"index":0,"finish_reason":"stop","logprobs":null,"#,
                    #""message":{"role":"assistant","content":"H\"i\n","refusal":null}}],"#, Self.usage, "}"))
    }

    @Test("calls without text have a content of null")
    func calls() {
        let choice = OpenAIChatChoice(
            index: 0, content: "", reasoning: "hm", toolCalls: [.init(id: "call_1", name: "f", arguments: #"{"a":1}"#)],
            finish: .toolCalls)
        #expect(
            text(OpenAIChatReply.encode([choice], head: head, usage: Self.counted)).contains(
                joined(
                    #"{"index":0,"finish_reason":"tool_calls","logprobs":null,"message":{"role":"assistant","#,
                    #""content":null,"refusal":null,"reasoning_content":"hm","tool_calls":[{"id":"call_1","#,
                    #""type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}}"#)))
    }

    @Test("log probabilities of a chat are numbers whatever they were")
    func chatScores() {
        let scores = [
            OpenAITokenScore(
                bytes: Array("Hi".utf8), logProbability: -0.125,
                alternatives: [.init(bytes: [0xE2, 0x80], logProbability: -.infinity)]),
            OpenAITokenScore(bytes: [], logProbability: .nan),
        ]
        let choice = OpenAIChatChoice(index: 0, content: "Hi", finish: .stop, scores: scores)
        #expect(
            text(OpenAIChatReply.encode([choice], head: head, usage: Self.counted)).contains(
                joined(
                    #""logprobs":{"content":[{"token":"Hi","logprob":-0.125,"bytes":[72,105],"top_logprobs":["#,
                    "{\"token\":\"\u{FFFD}\",\"logprob\":-9999.0,\"bytes\":[226,128]}]},",
                    #"{"token":"","logprob":-9999.0,"bytes":[],"top_logprobs":[]}],"refusal":null}"#)))
    }

    @Test("a completion with an echo: the first token has no probability, offsets count characters")
    func completionScores() {
        let scores = [
            OpenAITokenScore(bytes: Array("é".utf8), logProbability: nil),
            OpenAITokenScore(
                bytes: [0xE2, 0x82], logProbability: -1, alternatives: [.init(bytes: [97], logProbability: -0.5)]),
            OpenAITokenScore(
                bytes: [0xAC], logProbability: -2, alternatives: [.init(bytes: [0xAC], logProbability: -2)]),
            OpenAITokenScore(bytes: Array("ab".utf8), logProbability: -3),
            OpenAITokenScore(bytes: Array("c".utf8), logProbability: -4),
        ]
        let choice = OpenAICompletionChoice(index: 1, text: "é€abc", finish: .length, scores: scores)
        #expect(
            text(OpenAICompletionReply.encode([choice], head: head, usage: Self.counted))
                == joined(
                    #"{"id":"x-1","object":"text_completion","created":1760000000,"model":"m","choices":[{"index":1,"#,
                    #""text":"é€abc","logprobs":{"tokens":["é","bytes:\\xe2\\x82","bytes:\\xac","ab","c"],"#,
                    #""token_logprobs":[null,-1.0,-2.0,-3.0,-4.0],"top_logprobs":[null,"#,
                    #"{"a":-0.5,"bytes:\\xe2\\x82":-1.0},{"bytes:\\xac":-2.0},{"ab":-3.0},{"c":-4.0}],"#,
                    #""text_offset":[0,1,1,2,4]},"finish_reason":"length"}],"#, Self.usage, "}"))
    }

    @Test("embeddings as numbers and as base64")
    func embeddings() {
        func reply(_ base64: Bool) -> String {
            text(OpenAIEmbeddingReply.encode([[1, -0.5], [.nan, 2]], base64: base64, model: "m", promptTokens: 8))
        }
        let begin = #"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":"#
        let middle = #"},{"object":"embedding","index":1,"embedding":"#
        let end = #"}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#
        #expect(reply(false) == begin + "[1.0,-0.5]" + middle + "[0.0,2.0]" + end)
        // 0000803f 000000bf and 0000c07f 00000040.
        #expect(reply(true) == begin + #""AACAPwAAAL8=""# + middle + #""AADAfwAAAEA=""# + end)
    }

    @Test("rerank, tokens, texts and prompts")
    func others() {
        #expect(
            text(
                OpenAIRerankReply.encode(
                    [.init(index: 2, score: 0.5), .init(index: 0, score: -1, document: "d")], model: "m",
                    promptTokens: 3))
                == joined(
                    #"{"model":"m","object":"list","results":[{"index":2,"relevance_score":0.5},"#,
                    #"{"index":0,"relevance_score":-1.0,"document":{"text":"d"}}],"#,
                    #""usage":{"prompt_tokens":3,"total_tokens":3}}"#))
        #expect(
            text(OpenAITokenReplies.tokens([1, 2], contextLength: 8))
                == #"{"tokens":[1,2],"count":2,"max_model_len":8}"#)
        #expect(
            text(OpenAITokenReplies.pieces([(1, Array("a".utf8)), (2, [0xE2])], contextLength: nil))
                == #"{"tokens":[{"id":1,"piece":"a"},{"id":2,"piece":[226]}],"count":2}"#)
        #expect(text(OpenAITokenReplies.text([97, 0xFF])) == "{\"content\":\"a\u{FFFD}\",\"prompt\":\"a\u{FFFD}\"}")
        #expect(text(OpenAITokenReplies.prompt("a")) == #"{"prompt":"a"}"#)
    }

    @Test("V2's generate")
    func generate() {
        let reply = GenerateReply(id: "7", model: "m", version: "3")
        #expect(
            text(reply.encode("a")) == #"{"id":"7","model_name":"m","model_version":"3","text_output":"a"}"#)
        #expect(
            text(GenerateReply(id: nil, model: "m", version: "3").event("", finish: .length))
                == joined(
                    #"data: {"model_name":"m","model_version":"3","text_output":"","finish_reason":"length"}"#, "\n\n"))
    }
}
