// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// `POST /v1/chat/completions`.
struct ChatHandler: Sendable {
    let access: LanguageAccess

    @Sendable func answer(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAIChatRequest.decode($0) }
        let options = asked.options
        let language = try await LanguageCall(
            call, access, model: options.model, conversation: options.conversation ?? asked.conversationKey)
        let prompt = try await language.render(asked)
        var request = try language.request(prompt.tokens, options)
        request.alternatives = asked.alternatives
        if !prompt.rendered.constraint.isEmpty {
            request.sampling.constraint = .rendered(prompt.rendered.constraint)
        }
        var form = ChoiceReader.Form(model: language.model)
        form.stops = options.stops + prompt.rendered.stops
        form.syntax = prompt.rendered.syntax
        form.tellsScores = asked.alternatives != nil
        form.isGradual = options.streams
        try AnswerLimits.check([request], contextLength: language.lease.contextLength)
        let begun = try await language.begin(request, form)
        let work = ChatWork(
            lease: language.lease, stream: begun.stream, flow: begun.flow, choices: options.choices,
            tellsScores: form.tellsScores, head: language.head("chatcmpl-"))
        guard options.streams else { return .json(try await work.whole()) }
        return .stream(contentType: OpenAIRoutes.events, keepAlive: OpenAIEvents.ping) { send in
            await work.write(includesUsage: options.includesUsage, send)
        }
    }
}

/// An answer in a conversation that is being generated.
private struct ChatWork: Sendable {
    let lease: LanguageLease
    let stream: GenerationStream
    let flow: AnswerFlow
    let choices: Int
    let tellsScores: Bool
    let head: OpenAIReplyHead

    /// The answer in one piece.
    func whole() async throws -> [UInt8] {
        var flow = flow
        var messages = (0..<choices).map { ChatMessageDraft(index: $0, tellsScores: tellsScores) }
        try await flow.run(stream) { happening in
            switch happening {
            case .piece(let choice, let piece): messages[choice].add(piece)
            case .ended(let choice, let piece, let finish):
                messages[choice].add(piece)
                messages[choice].finish = finish
            case .prompt, .started: break
            }
        }
        let reply = OpenAIChatReply.encode(messages.map(\.choice), head: head, usage: flow.usage)
        lease.finished(stream, reason: flow.finish.rawValue)
        return reply
    }

    /// The answer as a stream of events; a failure is the last of them.
    func write(includesUsage: Bool, _ send: @Sendable ([UInt8]) async throws -> Void) async {
        do {
            try await writeEvents(OpenAIChatStream(head: head, includesUsage: includesUsage), includesUsage, send)
        } catch {
            try? await send(OpenAIFailure(error).event)
        }
    }

    private func writeEvents(
        _ events: OpenAIChatStream, _ includesUsage: Bool, _ send: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        var flow = flow
        // Sent with what follows: an opening with the first token, an end with the end of all.
        var held: [UInt8] = []
        try await flow.run(stream) { happening in
            switch happening {
            case .prompt: break
            case .started(let choice): held += events.opening(choice: choice)
            case .ended(let choice, let piece, let finish):
                events.append(piece, of: choice, to: &held)
                held += events.finish(finish, choice: choice)
            case .piece(let choice, let piece):
                events.append(piece, of: choice, to: &held)
                let bytes = held
                held = []
                try await send(bytes)
            }
        }
        if includesUsage { held += events.usage(flow.usage) }
        try await send(held + OpenAIEvents.done)
        lease.finished(stream, reason: flow.finish.rawValue)
    }
}

extension OpenAIChatStream {
    /// Appends the events that tell a piece of an answer; probabilities stand with its first text.
    fileprivate func append(_ piece: ChoiceReader.Piece, of choice: Int, to bytes: inout [UInt8]) {
        var scores = piece.scores
        for delta in piece.deltas {
            if !delta.reasoning.isEmpty {
                bytes += reasoning(delta.reasoning, choice: choice, scores: scores)
                scores = nil
            }
            if !delta.content.isEmpty {
                bytes += content(delta.content, choice: choice, scores: scores)
                scores = nil
            }
            if let call = delta.toolCall {
                bytes += toolCall(
                    index: call.index, id: call.id, name: call.name, arguments: call.arguments, choice: choice)
            }
        }
        // Of tokens whose text came to nothing, or to a call.
        if let scores, !scores.isEmpty { bytes += content("", choice: choice, scores: scores) }
    }
}
