// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServer
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Parts of answers")
struct AnswerPartsTests {
    @Test("pieces of a call become one call, told in the order of their beginnings")
    func calls() {
        var draft = ChatMessageDraft(index: 2, tellsScores: false)
        let pieces: [AnswerDelta.ToolCall] = [
            .init(index: 0, id: "x", name: "f", arguments: "{"), .init(index: 0, arguments: "}"),
            .init(index: 1, id: "y", name: "g", arguments: "[]"),
        ]
        draft.add(ChoiceReader.Piece(deltas: pieces.map { AnswerDelta(toolCall: $0) }))
        draft.add(ChoiceReader.Piece(deltas: [AnswerDelta(content: "a", reasoning: "r"), AnswerDelta(content: "b")]))
        draft.finish = .toolCalls
        #expect(
            draft.choice
                == OpenAIChatChoice(
                    index: 2, content: "ab", reasoning: "r",
                    toolCalls: [
                        OpenAIToolCall(id: "x", name: "f", arguments: "{}"),
                        OpenAIToolCall(id: "y", name: "g", arguments: "[]"),
                    ], finish: .toolCalls))
    }

    @Test("probabilities are told where they were asked for, none as an empty list")
    func scores() {
        let score = OpenAITokenScore(bytes: [97], logProbability: -1)
        var asked = ChatMessageDraft(index: 0, tellsScores: true)
        #expect(asked.choice.scores == [])
        asked.add(ChoiceReader.Piece(deltas: [], scores: [score]))
        #expect(asked.choice.scores == [score])
        #expect(ChatMessageDraft(index: 0, tellsScores: false).choice.scores == nil)
    }

    @Test("an echoed prompt is the caller's text, or that of its tokens where their probabilities are told")
    func echo() {
        let model = FakeLanguageModel()
        var request = GenerationRequest(prompt: [104, 105])
        var plain = PromptEcho(.text("hi"), request, model)
        plain.take([SampledToken(token: 105, logProbability: -2)])
        #expect(plain.text == "hi" && plain.scores == nil)
        #expect(PromptEcho(.tokens([104, 105]), request, model).text == "hi")
        request.promptAlternatives = 1
        var scored = PromptEcho(.text("hi"), request, model)
        scored.take([SampledToken(token: 105, logProbability: -2)])
        #expect(scored.text == "hi")
        #expect(
            scored.scores == [
                OpenAITokenScore(bytes: [104], logProbability: nil), OpenAITokenScore(bytes: [105], logProbability: -2),
            ])
    }

    @Test("usage of several prompts is their sum")
    func usage() {
        let first = OpenAIUsage(promptTokens: 1, completionTokens: 2, cachedTokens: 3, reasoningTokens: 4)
        let second = OpenAIUsage(promptTokens: 10, completionTokens: 20, cachedTokens: 30, reasoningTokens: 40)
        #expect(
            UsageTally([first, second]).total
                == OpenAIUsage(promptTokens: 11, completionTokens: 22, cachedTokens: 33, reasoningTokens: 44))
        #expect(UsageTally([]).total == OpenAIUsage(promptTokens: 0, completionTokens: 0))
    }

    @Test("what a request does not say is the engine's own default")
    func samplingDefaults() {
        #expect(SamplingOptions(OpenAISampling()) == SamplingOptions())
    }

    @Test("every sampling member reaches the engine")
    func sampling() throws {
        let body = """
            {"messages":[{"role":"user","content":"x"}],"seed":7,"temperature":0.5,"dynatemp_range":0.25,
            "dynatemp_exponent":2,"top_k":5,"top_p":0.75,"min_p":0.125,"typical_p":0.5,"top_n_sigma":1,
            "xtc_probability":0.5,"xtc_threshold":0.25,"repeat_last_n":32,"repeat_penalty":1.5,"frequency_penalty":0.5,
            "presence_penalty":0.25,"dry_multiplier":0.5,"dry_base":2,"dry_allowed_length":3,"dry_penalty_last_n":9,
            "mirostat":2,"mirostat_tau":4,"mirostat_eta":0.5,"min_keep":1,"ignore_eos":true,"logit_bias":{"5":-100}}
            """
        let asked = try Array(body.utf8).withUnsafeBytes { try OpenAIChatRequest.decode($0) }
        var expected = SamplingOptions()
        expected.seed = 7
        expected.temperature = 0.5
        expected.dynamicTemperatureRange = 0.25
        expected.dynamicTemperatureExponent = 2
        expected.topK = 5
        expected.topP = 0.75
        expected.minP = 0.125
        expected.typicalP = 0.5
        expected.topNSigma = 1
        expected.xtcProbability = 0.5
        expected.xtcThreshold = 0.25
        expected.penaltyLastN = 32
        expected.repeatPenalty = 1.5
        expected.frequencyPenalty = 0.5
        expected.presencePenalty = 0.25
        expected.dryMultiplier = 0.5
        expected.dryBase = 2
        expected.dryAllowedLength = 3
        expected.dryPenaltyLastN = 9
        expected.mirostat = 2
        expected.mirostatTau = 4
        expected.mirostatEta = 0.5
        expected.minKeep = 1
        expected.ignoresEnd = true
        expected.biases = asked.options.sampling.biases
        #expect(SamplingOptions(asked.options.sampling) == expected)
        #expect(asked.options.sampling.biases.keys.sorted() == [5])
    }

    @Test("vectors are cut to the numbers asked for and have length 1 again; more numbers than there are is an error")
    func dimensions() throws {
        let shortened = try EmbeddingVectors.shortened([[3, 4, 12], [0, 0, 1]], to: 2)
        // 3, 4 and 5 are a right triangle, so that both quotients are the nearest floats.
        #expect(shortened == [[0.6, 0.8], [0, 0]])
        let error = #expect(throws: WireError.self) { try EmbeddingVectors.shortened([[1, 2]], to: 3) }
        #expect(error?.location == "dimensions")
        try EmbeddingVectors.check(2, width: 2)
    }
}
