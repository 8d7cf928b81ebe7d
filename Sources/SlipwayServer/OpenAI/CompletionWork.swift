// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// One prompt of a completion.
struct CompletionWork: Sendable {
    struct Result: Sendable {
        var choices: [OpenAICompletionChoice]
        var usage: OpenAIUsage
    }

    let language: LanguageCall
    let request: GenerationRequest
    let form: ChoiceReader.Form
    /// The prompt as the caller wrote it, where the answer begins with it.
    let echoed: OpenAIPrompt?
    /// The reply's number of its first choice.
    let firstChoice: Int

    func begin() async throws -> BegunCompletion {
        let begun = try await language.begin(request, form)
        return BegunCompletion(
            lease: language.lease, stream: begun.stream, flow: begun.flow,
            echo: echoed.map { PromptEcho($0, request, language.model) },
            order: EchoOrder(awaitsPrompt: request.promptAlternatives != nil),
            choices: firstChoice..<firstChoice + request.choices, tellsScores: form.tellsScores)
    }
}

/// One prompt of a completion that is being generated.
struct BegunCompletion: Sendable {
    let lease: LanguageLease
    let stream: GenerationStream
    let flow: AnswerFlow
    /// `nil` where the prompt is not repeated.
    let echo: PromptEcho?
    let order: EchoOrder
    /// The reply's numbers of its choices.
    let choices: Range<Int>
    let tellsScores: Bool

    /// All choices, whole.
    func whole() async throws -> CompletionWork.Result {
        var flow = flow
        var echo = echo
        var drafts = choices.map { _ in CompletionDraft() }
        try await flow.run(stream) { happening in
            switch happening {
            case .prompt(let tokens): echo?.take(tokens)
            case .started: break
            case .piece(let choice, let piece): drafts[choice].add(piece)
            case .ended(let choice, let piece, let finish):
                drafts[choice].add(piece)
                drafts[choice].finish = finish
            }
        }
        lease.finished(stream, reason: flow.finish.rawValue)
        let completed = zip(choices, drafts).map { index, draft in
            OpenAICompletionChoice(
                index: index, text: (echo?.text ?? "") + draft.text, finish: draft.finish,
                scores: tellsScores ? (echo?.scores ?? []) + draft.scores : nil)
        }
        return CompletionWork.Result(choices: completed, usage: flow.usage)
    }

    /// Writes the events of all choices.
    ///
    /// - Parameter held: Events that are sent with the next ones.
    func write(
        _ events: inout OpenAICompletionStream, _ held: inout [UInt8],
        _ send: @Sendable ([UInt8]) async throws -> Void
    ) async throws -> OpenAIUsage {
        var flow = flow
        var echo = echo
        var order = order
        // A closure cannot capture what is passed by reference.
        var (writer, bytes) = (events, held)
        try await flow.run(stream) { happening in
            for happening in order.take(happening) {
                switch happening {
                case .prompt(let tokens): echo?.take(tokens)
                case .started(let choice):
                    guard let echo else { continue }
                    let scores = tellsScores ? echo.scores ?? [] : nil
                    bytes += writer.content(echo.text, choice: number(choice), scores: scores)
                case .piece(let choice, let piece):
                    let whole = bytes + writer.content(piece.text, choice: number(choice), scores: piece.scores)
                    bytes = []
                    try await send(whole)
                case .ended(let choice, let piece, let finish):
                    if !piece.isEmpty {
                        bytes += writer.content(piece.text, choice: number(choice), scores: piece.scores)
                    }
                    bytes += writer.finish(finish, choice: number(choice))
                }
            }
        }
        lease.finished(stream, reason: flow.finish.rawValue)
        (events, held) = (writer, bytes)
        return flow.usage
    }

    /// A choice's number in the reply.
    private func number(_ choice: Int) -> Int { choices.lowerBound + choice }
}

/// One choice that is told in one piece, while it is put together.
private struct CompletionDraft {
    var text = ""
    var scores: [OpenAITokenScore] = []
    var finish = OpenAIFinish.stop

    mutating func add(_ piece: ChoiceReader.Piece) {
        text += piece.text
        scores += piece.scores ?? []
    }
}

extension ChoiceReader.Piece {
    /// All of its content.
    package var text: String { deltas.count == 1 ? deltas[0].content : deltas.map(\.content).joined() }
}
