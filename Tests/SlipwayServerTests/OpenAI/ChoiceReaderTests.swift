// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServer
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("One choice of an answer, token by token")
struct ChoiceReaderTests {
    private func form(
        stops: [String] = [], syntax: String = "", tellsScores: Bool = false, isGradual: Bool = true,
        refuses: Bool = false, refusesWhole: Bool = false
    ) -> ChoiceReader.Form {
        var form = ChoiceReader.Form(model: ScriptedLanguageModel(refuses: refuses, refusesWhole: refusesWhole))
        form.stops = stops
        form.syntax = Array(syntax.utf8)
        form.tellsScores = tellsScores
        form.isGradual = isGradual
        return form
    }

    /// Reads a text whose tokens are its bytes; until a stop text is found.
    private func pieces(
        _ text: String, _ reader: inout ChoiceReader, ended: GenerationEvent.EndReason = .end
    ) -> [ChoiceReader.Piece] {
        var pieces: [ChoiceReader.Piece] = []
        for byte in text.utf8 where !reader.isStopped {
            pieces.append(reader.take(SampledToken(token: TokenID(byte), logProbability: -1)))
        }
        pieces.append(reader.end(ended))
        return pieces.filter { !$0.isEmpty }
    }

    private func deltas(_ pieces: [ChoiceReader.Piece]) -> [AnswerDelta] { pieces.flatMap(\.deltas) }

    @Test("tells text as it comes, whole characters only")
    func characters() throws {
        var reader = try ChoiceReader(form())
        let told = pieces("aé", &reader).map(\.text)
        #expect(told == ["a", "é"])
        #expect(reader.finish == .stop)
        #expect(reader.tokenCount == 3)
    }

    @Test(
        "ends before a stop text, and tells what only looked like one",
        arguments: [("one END two", "one ", true), ("one EN", "one EN", false), ("END", "", true)])
    func stops(text: String, expected: String, isStopped: Bool) throws {
        var reader = try ChoiceReader(form(stops: ["END"]))
        #expect(pieces(text, &reader, ended: .length).map(\.text).joined() == expected)
        #expect(reader.isStopped == isStopped)
        // A stop text counts before the limit that was reached with it.
        #expect(reader.finish == (isStopped ? .stop : .length))
    }

    @Test("tokens of a stop text are not told with their probabilities, those of the text before are")
    func scoresBeforeStop() throws {
        var reader = try ChoiceReader(form(stops: ["END"], tellsScores: true))
        let scores = pieces("abEND", &reader).flatMap { $0.scores ?? [] }
        #expect(scores.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "b"])
    }

    @Test("tokens whose text is held back are told with the text that follows")
    func heldScores() throws {
        var reader = try ChoiceReader(form(tellsScores: true))
        let told = pieces("é", &reader)
        #expect(told.map { $0.scores?.count } == [2])
    }

    @Test("takes reasoning and calls out of the text", arguments: [true, false])
    func parts(isGradual: Bool) throws {
        var reader = try ChoiceReader(form(syntax: "s", isGradual: isGradual))
        let deltas = deltas(pieces("<think>why</think>so!{}", &reader))
        // The test's parser tells the beginning of the end mark, too, when it comes in pieces.
        #expect(deltas.map(\.reasoning).joined().hasPrefix("why"))
        #expect(deltas.map(\.content).joined() == "so")
        let calls = deltas.compactMap(\.toolCall)
        #expect(calls.map(\.arguments).joined() == "{}")
        #expect(calls.first?.name == "f")
        #expect(calls.first?.id?.hasPrefix("call_") == true)
        #expect(calls.dropFirst().allSatisfy { $0.id == nil && $0.name == nil })
        #expect(reader.finish == .toolCalls)
        #expect(reader.reasoningTokens >= 3)
    }

    @Test("a call that was cut off ends with length")
    func cutCall() throws {
        var reader = try ChoiceReader(form(syntax: "s"))
        _ = pieces("!{", &reader, ended: .length)
        #expect(reader.finish == .length)
    }

    @Test("an answer that was cut off is what its beginning comes to", arguments: [true, false])
    func cutReasoning(isGradual: Bool) throws {
        var reader = try ChoiceReader(form(syntax: "s", isGradual: isGradual, refusesWhole: true))
        let deltas = deltas(pieces("<think>why", &reader, ended: .length))
        #expect(deltas.map(\.reasoning).joined() == "why")
        #expect(deltas.allSatisfy { $0.content.isEmpty })
        #expect(reader.finish == .length)
    }

    @Test("what a parser cannot read is told as it is, once")
    func refused() throws {
        var reader = try ChoiceReader(form(syntax: "s", refuses: true))
        #expect(pieces("words", &reader).map(\.text) == ["words"])
        #expect(reader.finish == .stop)
    }
}
