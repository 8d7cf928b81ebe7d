// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Completions are read")
struct OpenAICompletionRequestTests {
    @Test(
        "prompts come in four shapes",
        arguments: [
            (#""a""#, [.text("a")]), (#"["a","b"]"#, [.text("a"), .text("b")]), ("[1,2]", [.tokens([1, 2])]),
            ("[[1],[2,3]]", [.tokens([1]), .tokens([2, 3])]), (#"["a",[1]]"#, [.text("a"), .tokens([1])]),
        ] as [(String, [OpenAIPrompt])])
    func prompts(json: String, expected: [OpenAIPrompt]) throws {
        let request = try decodeCompletion(#"{"prompt":"# + json + "}")
        #expect(request.prompts == expected)
        #expect(request.options.maximumTokens == 16 && !request.echoes && request.alternatives == nil)
    }

    @Test("an evaluation harness's request")
    func harness() throws {
        let request = try decodeCompletion(
            #"{"model":"m","prompt":[[1,2,3]],"max_tokens":1,"logprobs":1,"seed":1234,"echo":true,"temperature":0}"#)
        #expect(request.prompts == [.tokens([1, 2, 3])])
        #expect(request.echoes && request.alternatives == 1 && request.options.maximumTokens == 1)
        #expect(request.options.sampling.temperature == 0 && request.options.sampling.seed == 1234)
    }

    @Test(
        "what is wrong is told with its member",
        arguments: [
            (#"{}"#, "prompt"), (#"{"prompt":null}"#, "prompt"), (#"{"prompt":[]}"#, "prompt"),
            (#"{"prompt":[-1]}"#, "prompt[0]"), (#"{"prompt":[1,"a"]}"#, "prompt[1]"),
            (#"{"prompt":[[1],[2147483648]]}"#, "prompt[1][0]"), (#"{"prompt":{}}"#, "prompt"),
            (#"{"prompt":"a","suffix":"b"}"#, "suffix"), (#"{"prompt":"a","best_of":2}"#, "best_of"),
            (#"{"prompt":"a","logprobs":21}"#, "logprobs"), (#"{"prompt":"a","echo":1}"#, "echo"),
        ])
    func refusals(json: String, param: String) throws {
        let error = try #require(refusal { _ = try decodeCompletion(json) })
        #expect(OpenAIFailure(error).param == param)
    }

    @Test("best_of is taken when it chooses nothing")
    func bestOf() throws {
        #expect(try decodeCompletion(#"{"best_of":2,"prompt":"a","n":2,"suffix":""}"#).options.choices == 2)
    }

    @Test("prompts and answers have limits")
    func limits() throws {
        func body(_ count: Int, _ rest: String) -> String {
            #"{"prompt":["# + Array(repeating: #""a""#, count: count).joined(separator: ",") + "]" + rest + "}"
        }
        #expect(try decodeCompletion(body(2048, #","n":2"#)).prompts.count == 2048)
        #expect(refusal { _ = try decodeCompletion(body(2049, "")) } != nil)
        #expect(refusal { _ = try decodeCompletion(body(2048, #","n":3"#)) } != nil)
    }

    @Test("V2's generate takes parameters in both places")
    func generate() throws {
        func decode(_ json: String) throws -> GenerateRequest {
            try Array(json.utf8).withUnsafeBytes { try GenerateRequest.decode($0) }
        }
        let inner = try decode(
            #"{"id":"7","text_input":"a","parameters":{"max_tokens":5,"temperature":0,"stream":false}}"#)
        #expect(inner.id == "7" && inner.text == "a" && inner.excludesInput)
        #expect(inner.options.maximumTokens == 5 && inner.options.sampling.temperature == 0)
        let outer = try decode(#"{"text_input":"a","stop":"x","exclude_input_in_output":false,"unknown":[1]}"#)
        #expect(outer.options.stops == ["x"] && outer.options.maximumTokens == 16 && !outer.excludesInput)
        #expect(refusal { _ = try decode("{}") }?.location == "text_input")
        #expect(refusal { _ = try decode(#"{"text_input":"a","n":2}"#) }?.location == "n")
        let place = refusal { _ = try decode(#"{"text_input":"a","parameters":{"top_p":2}}"#) }?.location
        #expect(place == "parameters.top_p")
    }
}
