// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServer
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Prompts and their limits")
struct PromptTokensTests {
    @Test("a text that cannot fit is refused with the fewest tokens it may have, before it is cut")
    func texts() throws {
        let longest = PromptTokens.longestToken * 9 - 1
        try PromptTokens.check(bytes: longest, limit: 8)
        let error = #expect(throws: WireError.self) { try PromptTokens.check(bytes: longest + 1, limit: 8) }
        #expect(error?.code == .contextLengthExceeded)
        #expect(error?.excess == ContextExcess(promptTokens: 9, contextLength: 8))
        #expect(error?.message.contains("at least 9 tokens") == true)
    }

    @Test("a prompt of tokens is refused with their number")
    func tokens() throws {
        try PromptTokens.check(.tokens([1, 2]), limit: 2)
        let error = #expect(throws: WireError.self) { try PromptTokens.check(.tokens([1, 2, 3]), limit: 2) }
        #expect(error?.excess == ContextExcess(promptTokens: 3, contextLength: 2))
    }

    @Test("prompts become tokens; what the model does not have is told with its member")
    func cut() throws {
        let model = FakeLanguageModel()
        #expect(try PromptTokens.cut(.text("a"), with: model, at: "prompt") == [FakeLanguageModel.begin, 97])
        #expect(try PromptTokens.cut(.tokens([5]), with: model, at: "prompt") == [5])
        #expect(try PromptTokens.cut(.tokens([]), with: model, at: "prompt") == [FakeLanguageModel.begin])
        let error = #expect(throws: WireError.self) {
            _ = try PromptTokens.cut(.tokens([TokenID(model.facts.vocabularySize)]), with: model, at: "input")
        }
        #expect(error?.location == "input" && error?.category == .invalidInput)
    }

    @Test("a query that is cut once makes the same pairs as its text")
    func pairs() throws {
        let model = FakeLanguageModel(pooling: .rank)
        let (begin, end) = (FakeLanguageModel.begin, FakeLanguageModel.end)
        #expect(try model.tokenizePair([113], "d") == [begin, 113, end, 100, end])
        #expect(try model.tokenizePair("q", "d") == model.tokenizePair([113], "d"))
    }

    private func request(
        choices: Int = 1, maximumTokens: Int? = nil, alternatives: Int? = nil, promptAlternatives: Int? = nil,
        isConstrained: Bool = false
    ) -> GenerationRequest {
        var request = GenerationRequest(prompt: [1, 2])
        request.choices = choices
        request.maximumTokens = maximumTokens
        request.alternatives = alternatives
        request.promptAlternatives = promptAlternatives
        if isConstrained { request.sampling.constraint = .grammar("root ::= \"a\"") }
        return request
    }

    @Test("only so many answers follow a grammar")
    func constrained() throws {
        let most = AnswerLimits.constrainedChoices
        try AnswerLimits.check([request(choices: most, isConstrained: true)], contextLength: 100)
        try AnswerLimits.check([request(choices: most + 1)], contextLength: 100)
        let error = #expect(throws: WireError.self) {
            try AnswerLimits.check([request(choices: most + 1, isConstrained: true)], contextLength: 100)
        }
        #expect(error?.location == "n")
    }

    @Test("answers tell a bounded number of probabilities, of tokens that are generated or echoed")
    func probabilities() throws {
        let context = 1 << 17
        try AnswerLimits.check([request(alternatives: 20)], contextLength: 1 << 40)
        try AnswerLimits.check([request(choices: 128)], contextLength: context)
        try AnswerLimits.check([request(choices: 128, maximumTokens: 9, alternatives: 20)], contextLength: context)
        #expect(throws: WireError.self) {
            try AnswerLimits.check([request(choices: 128, alternatives: 20)], contextLength: context)
        }
        let echoes = Array(
            repeating: request(maximumTokens: 0, alternatives: 1, promptAlternatives: 1),
            count: AnswerLimits.probabilities / 4)
        try AnswerLimits.check(echoes, contextLength: context)
        #expect(throws: WireError.self) { try AnswerLimits.check(echoes + echoes, contextLength: context) }
    }

    @Test(
        "asking again is useless where nothing passes with time",
        arguments: [
            (429, true, false), (429, false, true), (503, true, false), (503, false, true), (501, true, true),
            (504, false, true), (500, false, false), (400, false, false),
        ])
    func retries(status: Int, isTimed: Bool, isUseless: Bool) {
        #expect(OpenAIRetry.isUseless(status: status, isTimed: isTimed) == isUseless)
    }
}
