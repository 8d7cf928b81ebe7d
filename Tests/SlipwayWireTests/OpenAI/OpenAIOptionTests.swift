// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Members that all requests for text share")
struct OpenAIOptionTests {
    @Test("what is not said has OpenAI's defaults")
    func defaults() throws {
        let request = try chat()
        #expect(request.options == OpenAIOptions())
        #expect(request.options.sampling == OpenAISampling())
        #expect(request.toolChoice == .auto)
        #expect(request.allowsParallelCalls && request.addsGenerationPrompt)
        #expect(request.alternatives == nil && request.thinks == nil)
    }

    @Test("null counts as absent, unknown members are passed over")
    func nullAndUnknown() throws {
        let request = try chat(
            #""temperature":null,"stop":null,"tools":null,"logprobs":null,"store":true,"a":{"b":[1,{"c":null}]}"#)
        #expect(request == (try chat()))
    }

    @Test("every sampling member is read")
    func sampling() throws {
        let request = try chat(
            joined(
                #""seed":7,"temperature":0.5,"dynatemp_range":0.25,"dynatemp_exponent":2,"top_k":40,"top_p":0.75,"#,
                #""min_p":0.125,"typical_p":0.5,"top_n_sigma":1.5,"xtc_probability":0.5,"xtc_threshold":0.25,"#,
                #""repeat_last_n":-1,"repeat_penalty":1.5,"frequency_penalty":-1,"presence_penalty":2,"#,
                #""dry_multiplier":0.5,"dry_base":2,"dry_allowed_length":3,"dry_penalty_last_n":9,"mirostat":2,"#,
                #""mirostat_tau":4,"mirostat_eta":0.25,"adaptive_target":0.5,"adaptive_decay":0.75,"min_keep":1,"#,
                #""ignore_eos":true,"logit_bias":{"5":-100,"6":1.5}"#))
        var expected = OpenAISampling()
        expected.seed = 7
        expected.temperature = 0.5
        expected.dynamicTemperatureRange = 0.25
        expected.dynamicTemperatureExponent = 2
        expected.topK = 40
        expected.topP = 0.75
        expected.minP = 0.125
        expected.typicalP = 0.5
        expected.topNSigma = 1.5
        expected.xtcProbability = 0.5
        expected.xtcThreshold = 0.25
        expected.penaltyLastN = -1
        expected.repeatPenalty = 1.5
        expected.frequencyPenalty = -1
        expected.presencePenalty = 2
        expected.dryMultiplier = 0.5
        expected.dryBase = 2
        expected.dryAllowedLength = 3
        expected.dryPenaltyLastN = 9
        expected.mirostat = 2
        expected.mirostatTau = 4
        expected.mirostatEta = 0.25
        expected.adaptiveTarget = 0.5
        expected.adaptiveDecay = 0.75
        expected.minKeep = 1
        expected.ignoresEnd = true
        expected.biases = [5: -100, 6: 1.5]
        #expect(request.options.sampling == expected)
    }

    @Test("llama-server's list of biases may forbid tokens")
    func biasList() throws {
        let request = try chat(#""logit_bias":[[5,false],[6,-1.0]]"#)
        #expect(request.options.sampling.biases == [5: -.infinity, 6: -1])
    }

    @Test(
        "seeds of any size are taken, -1 asks for a new one",
        arguments: [("-1", nil), ("0", 0), ("4294967295", 4_294_967_295), ("4294967296", 1), ("3.0", 3)]
            as [(String, UInt32?)])
    func seeds(text: String, seed: UInt32?) throws {
        #expect(try chat(#""seed":"# + text).options.sampling.seed == seed)
    }

    @Test("limits, stops, streams and wishes")
    func wishes() throws {
        let options = try chat(
            joined(
                #""model":"m","max_tokens":5,"max_completion_tokens":9,"n":3,"stop":["a","","b"],"stream":true,"#,
                #""stream_options":{"include_usage":true,"include_obfuscation":false},"cache_prompt":false,"#,
                #""speculative":false,"user":"u","prompt_cache_key":"k","priority":9,"service_tier":"flex""#)
        ).options
        #expect(options.model == "m" && options.user == "u" && options.conversation == "k")
        #expect(options.maximumTokens == 9 && options.choices == 3 && options.stops == ["a", "b"])
        #expect(options.streams && options.includesUsage && !options.sharesPrefix)
        #expect(options.speculates == false && options.urgency == 7)
        #expect(try chat(#""stop":"x","max_tokens":-1"#).options.stops == ["x"])
        #expect(try chat(#""max_tokens":-1"#).options.maximumTokens == nil)
        #expect(try chat(#""service_tier":"priority""#).options.urgency == 1)
        #expect(try chat(#""service_tier":"auto""#).options.urgency == nil)
        #expect(try chat(#""speculative.n_max":0"#).options.speculates == false)
    }

    @Test(
        "the form of an answer",
        arguments: [
            (#""response_format":{"type":"text"}"#, ""),
            (#""response_format":{"type":"json_object"}"#, #"{"type":"object"}"#),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"a":1}}}"#,
                #"{"a":1}"#
            ),
            (#""response_format":{"json_schema":{"schema":{"a":"NaN"}},"type":"json_schema"}"#, #"{"a":"NaN"}"#),
            (#""json_schema":{"b":[]}"#, #"{"b":[]}"#),
        ])
    func schema(members: String, schema: String) throws {
        #expect(text(try chat(members).options.schema) == schema)
    }

    @Test(
        "what is wrong is told with its member",
        arguments: [
            (#""temperature":2.1"#, "temperature"), (#""temperature":"hot""#, "temperature"),
            (#""temperature":NaN"#, "temperature"), (#""temperature":1e999"#, "temperature"),
            (#""top_p":-0.1"#, "top_p"), (#""n":0"#, "n"), (#""n":129"#, "n"), (#""n":1.5"#, "n"),
            (#""n":99999999999999999999"#, "n"), (#""max_tokens":-2"#, "max_tokens"), (#""seed":[]"#, "seed"),
            (#""seed":1e30"#, "seed"), (#""stop":[1]"#, "stop[0]"), (#""stop":5"#, "stop"),
            (#""stop":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"]"#, "stop"),
            (#""stream":"yes""#, "stream"), (#""stream_options":true"#, "stream_options"),
            (#""stream_options":{"include_usage":1}"#, "stream_options.include_usage"),
            (#""logit_bias":{"a":1}"#, "logit_bias"), (#""logit_bias":{"-1":1}"#, "logit_bias"),
            (#""logit_bias":{"1":101}"#, "logit_bias"), (#""logit_bias":[[1,2,3]]"#, "logit_bias[0]"),
            (#""logit_bias":[[1]]"#, "logit_bias[0]"), (#""model":1"#, "model"),
            (#""response_format":{"type":"xml"}"#, "response_format.type"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
            (#""response_format":"json""#, "response_format"),
            (#""grammar":"root ::= x","json_schema":{}"#, "grammar"),
            (#""top_logprobs":5"#, "top_logprobs"), (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"),
            (#""tool_choice":"required""#, "tool_choice"),
            (#""continue_final_message":true"#, "continue_final_message"),
        ])
    func refusals(members: String, param: String) throws {
        let error = try #require(refusal { _ = try chat(members) })
        let failure = OpenAIFailure(error)
        #expect(failure.param == param)
        #expect(failure.status == 400 && failure.type == "invalid_request_error")
        #expect(failure.message.hasPrefix(param + ": "))
    }

    @Test("numbers that are not JSON are kept from other readers", arguments: ["NaN", "[-Infinity]", #"["\"",NaN]"#])
    func strictRaw(value: String) {
        #expect(refusal { _ = try chat(#""json_schema":{"a":"# + value + "}") } != nil)
    }
}
