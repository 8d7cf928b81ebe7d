// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayTestKit

/// A language model whose tokens are bytes, with a parser: `<think>` begins reasoning, `</think>` ends it, `!` begins
/// the arguments of a call.
struct ScriptedLanguageModel: LanguageModel {
    /// Whether its parser refuses whatever it is given.
    var refuses = false
    /// Whether its parser refuses what is said to be whole.
    var refusesWhole = false
    private let fake = FakeLanguageModel()

    init(refuses: Bool = false, refusesWhole: Bool = false) {
        self.refuses = refuses
        self.refusesWhole = refusesWhole
    }

    var facts: LanguageModelFacts { fake.facts }
    var residentBytes: Int { fake.residentBytes }

    func tokenize(_ text: String, addsSpecial: Bool, parsesSpecial: Bool) throws(EngineError) -> [TokenID] {
        fake.tokenize(text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial)
    }
    func bytes(of token: TokenID, rendersSpecial: Bool) -> [UInt8] {
        token == FakeLanguageModel.end && rendersSpecial
            ? Array("<end>".utf8) : fake.bytes(of: token, rendersSpecial: rendersSpecial)
    }
    func isEnd(_ token: TokenID) -> Bool { fake.isEnd(token) }
    func render(_ chat: ChatInput) throws(EngineError) -> RenderedChat { try fake.render(chat) }
    func makeParser(_ syntax: [UInt8]) throws(EngineError) -> any AnswerParser {
        Parser(refuses: refuses, refusesWhole: refusesWhole)
    }
    func makeSampler(_ options: SamplingOptions) throws(EngineError) -> any TokenSampler {
        try fake.makeSampler(options)
    }
    func makeSession(_ options: SessionOptions) throws(EngineError) -> any LanguageSession {
        try fake.makeSession(options)
    }
    func makeDrafter(keyLength: Int, mostTokens: Int) -> any TokenDrafter {
        fake.makeDrafter(keyLength: keyLength, mostTokens: mostTokens)
    }

    private final class Parser: AnswerParser, @unchecked Sendable {
        // Unchecked: one thread at a time, as the port has it.
        private let refuses: Bool
        private let refusesWhole: Bool
        private var told = (content: 0, reasoning: 0, arguments: 0)

        init(refuses: Bool, refusesWhole: Bool) {
            self.refuses = refuses
            self.refusesWhole = refusesWhole
        }

        func read(_ text: String, isPartial: Bool) throws(EngineError) -> [AnswerDelta] {
            guard !refuses, isPartial || !refusesWhole else {
                throw EngineError(code: .inputMismatch, message: "refused")
            }
            let (content, reasoning, arguments) = parts(text, isPartial: isPartial)
            var deltas: [AnswerDelta] = []
            let freshReasoning = String(reasoning.dropFirst(told.reasoning))
            if !freshReasoning.isEmpty { deltas.append(AnswerDelta(reasoning: freshReasoning)) }
            let freshContent = String(content.dropFirst(told.content))
            if !freshContent.isEmpty { deltas.append(AnswerDelta(content: freshContent)) }
            if let arguments, told.arguments == 0 || arguments.count > told.arguments - 1 {
                let isFirst = told.arguments == 0
                deltas.append(
                    AnswerDelta(
                        toolCall: AnswerDelta.ToolCall(
                            index: 0, name: isFirst ? "f" : nil,
                            arguments: String(arguments.dropFirst(max(0, told.arguments - 1))))))
            }
            told = (content.count, reasoning.count, arguments.map { $0.count + 1 } ?? 0)
            return deltas
        }

        private func parts(_ text: String, isPartial: Bool) -> (String, String, arguments: String?) {
            let call = text.split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
            let arguments = call.count > 1 ? String(call[1]) : nil
            var head = String(call.first ?? "")
            guard head.hasPrefix("<think>") else {
                let mayBegin = isPartial && "<think>".hasPrefix(head)
                return (mayBegin ? "" : head, "", arguments)
            }
            head.removeFirst("<think>".count)
            let end = head.range(of: "</think>")
            return (
                end.map { String(head[$0.upperBound...]) } ?? "", end.map { String(head[..<$0.lowerBound]) } ?? head,
                arguments
            )
        }
    }
}

extension String {
    /// The first occurrence of a text.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }
}
