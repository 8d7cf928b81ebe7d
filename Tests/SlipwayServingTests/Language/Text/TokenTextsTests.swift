// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Tokens are told by their bytes")
struct TokenTextsTests {
    @Test("a token and those beside it, control tokens by their names")
    func scores() {
        let texts = TokenTexts(Vocabulary())
        let score = texts.score(
            SampledToken(
                token: 0, logProbability: -0.5,
                alternatives: [.init(token: 1, logProbability: -0.25), .init(token: 2, logProbability: -3)]))
        #expect(score.bytes == [0xE2, 0x82] && score.logProbability == -0.5)
        #expect(score.alternatives.map(\.bytes) == [Array("<end>".utf8), []])
        #expect(score.alternatives.map(\.logProbability) == [-0.25, -3])
    }
}

/// A part of a character and a control token, and nothing else that a model has.
private struct Vocabulary: LanguageModel {
    var facts: LanguageModelFacts { LanguageModelFacts(vocabularySize: 2, trainingContext: 8, embeddingWidth: 1) }
    var residentBytes: Int { 0 }

    func bytes(of token: TokenID, rendersSpecial: Bool) -> [UInt8] {
        switch token {
        case 0: [0xE2, 0x82]
        case 1: rendersSpecial ? Array("<end>".utf8) : []
        default: []
        }
    }

    func isEnd(_ token: TokenID) -> Bool { token == 1 }

    private var unsupported: EngineError { EngineError(code: .unsupportedModel, message: "a vocabulary alone") }

    func tokenize(_ text: String, addsSpecial: Bool, parsesSpecial: Bool) throws(EngineError) -> [TokenID] {
        throw unsupported
    }
    func render(_ chat: ChatInput) throws(EngineError) -> RenderedChat { throw unsupported }
    func makeParser(_ syntax: [UInt8]) throws(EngineError) -> any AnswerParser { throw unsupported }
    func makeSampler(_ options: SamplingOptions) throws(EngineError) -> any TokenSampler { throw unsupported }
    func makeSession(_ options: SessionOptions) throws(EngineError) -> any LanguageSession { throw unsupported }
    func makeDrafter(keyLength: Int, mostTokens: Int) -> any TokenDrafter { NoDrafter() }
}

private final class NoDrafter: TokenDrafter {
    func feed(_ tokens: [TokenID]) {}
    func propose() -> [TokenID] { [] }
}
