// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
package import SlipwayWire

/// One choice of a chat's answer that is told in one piece, while it is put together.
package struct ChatMessageDraft: Sendable {
    private let index: Int
    private var content = ""
    private var reasoning = ""
    private var calls: [AnswerDelta.ToolCall] = []
    private var scores: [OpenAITokenScore]?
    package var finish = OpenAIFinish.stop

    package init(index: Int, tellsScores: Bool) {
        self.index = index
        scores = tellsScores ? [] : nil
    }

    package mutating func add(_ piece: ChoiceReader.Piece) {
        if let told = piece.scores { scores?.append(contentsOf: told) }
        for delta in piece.deltas {
            content += delta.content
            reasoning += delta.reasoning
            if let call = delta.toolCall { add(call) }
        }
    }

    /// Pieces of a call carry its number; the first of them its name.
    private mutating func add(_ piece: AnswerDelta.ToolCall) {
        guard let position = calls.firstIndex(where: { $0.index == piece.index }) else {
            calls.append(piece)
            return
        }
        calls[position].arguments += piece.arguments
    }

    package var choice: OpenAIChatChoice {
        OpenAIChatChoice(
            index: index, content: content, reasoning: reasoning,
            toolCalls: calls.map { OpenAIToolCall(id: $0.id ?? "", name: $0.name ?? "", arguments: $0.arguments) },
            finish: finish, scores: scores)
    }
}
