// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServer
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Events of a request, read into choices")
struct AnswerFlowTests {
    private func flow(choices: Int, stops: [String] = []) throws -> AnswerFlow {
        var form = ChoiceReader.Form(model: FakeLanguageModel())
        form.stops = stops
        return try AnswerFlow(promptTokens: 7, choices: choices, form: form)
    }

    private func token(_ choice: Int, _ letter: Character) -> GenerationEvent {
        .token(choice: choice, SampledToken(token: TokenID(letter.asciiValue ?? 0)))
    }

    @Test("choices that come in turns keep their own texts and ends")
    func interleaved() throws {
        var flow = try flow(choices: 2)
        let events: [GenerationEvent] = [
            .started(choice: 0, cachedTokens: 5), .started(choice: 1, cachedTokens: 6), token(0, "a"), token(1, "b"),
            token(0, "c"), .ended(choice: 0, .end), .ended(choice: 1, .length),
        ]
        var texts = ["", ""]
        var ends: [Int: OpenAIFinish] = [:]
        for event in events {
            switch flow.take(event) {
            case .piece(let choice, let piece): texts[choice] += piece.text
            case .ended(let choice, let piece, let finish):
                texts[choice] += piece.text
                ends[choice] = finish
            default: break
            }
        }
        #expect(texts == ["ac", "b"])
        #expect(ends == [0: .stop, 1: .length])
        #expect(flow.finish == .stop)
        // What the first choice found computed; the others share its prompt.
        #expect(flow.usage == OpenAIUsage(promptTokens: 7, completionTokens: 3, cachedTokens: 5))
    }

    @Test("tokens that come after a stop text count for nothing")
    func afterStop() throws {
        var flow = try flow(choices: 1, stops: ["b"])
        #expect(flow.take(token(0, "a")) == .piece(0, ChoiceReader.Piece(deltas: [AnswerDelta(content: "a")])))
        #expect(flow.take(token(0, "b")) == nil)
        #expect(flow.isStopped(0))
        #expect(flow.take(token(0, "c")) == nil)
        #expect(flow.take(.ended(choice: 0, .stopped)) == .ended(0, ChoiceReader.Piece(), .stop))
        #expect(flow.usage.completionTokens == 2)
    }

    @Test("choices that nobody asked for are passed over")
    func unknownChoice() throws {
        var flow = try flow(choices: 1)
        #expect(flow.take(token(3, "a")) == nil)
        #expect(flow.take(.ended(choice: 3, .end)) == nil)
    }
}
