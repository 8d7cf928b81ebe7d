// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// V2's `generate` and `generate_stream`, Triton's extension for language models.
struct GenerateHandler: Sendable {
    let access: LanguageAccess

    @Sendable func generate(_ call: HTTPCall) async throws -> HTTPReply {
        .json(try await begin(call).whole())
    }

    @Sendable func generateStream(_ call: HTTPCall) async throws -> HTTPReply {
        let work = try await begin(call)
        return .stream(contentType: OpenAIRoutes.events, keepAlive: OpenAIEvents.ping) { send in
            await work.write(send)
        }
    }

    private func begin(_ call: HTTPCall) async throws -> GenerateWork {
        let endpoint = call["model"]
        // Before the body is read: an unknown model is told at once, and never as a fault of the body.
        _ = try access.service.endpoint(endpoint)
        let number = try call.version()
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try GenerateRequest.decode($0) }
        let language = try await LanguageCall(
            call, access, model: endpoint, version: number, conversation: asked.options.conversation)
        let prompts = try await language.tokens(
            [.text(asked.text)], at: "text_input", limit: language.lease.contextLength)
        var request = try language.request(prompts.first ?? [], asked.options)
        request.choices = 1
        request.sampling.constraint = try await language.constraint(asked.options)
        var form = ChoiceReader.Form(model: language.model)
        form.stops = asked.options.stops
        let begun = try await language.begin(request, form)
        return GenerateWork(
            lease: language.lease, stream: begun.stream, flow: begun.flow,
            beginning: asked.excludesInput ? "" : asked.text,
            reply: GenerateReply(
                id: asked.id, model: endpoint, version: String(language.lease.version.number)))
    }
}

/// A text that is being generated.
private struct GenerateWork: Sendable {
    let lease: LanguageLease
    let stream: GenerationStream
    let flow: AnswerFlow
    /// What the answer begins with.
    let beginning: String
    let reply: GenerateReply

    func whole() async throws -> [UInt8] {
        var flow = flow
        var text = beginning
        try await flow.run(stream) { happening in
            switch happening {
            case .prompt, .started: break
            case .piece(_, let piece), .ended(_, let piece, _): text += piece.text
            }
        }
        lease.finished(stream, reason: flow.finish.rawValue)
        return reply.encode(text, finish: flow.finish)
    }

    /// Each event holds more of the text; a failure is the last of them.
    func write(_ send: @Sendable ([UInt8]) async throws -> Void) async {
        do {
            try await writeEvents(send)
        } catch {
            try? await send(OpenAIEvents.event(ErrorTable.reply(to: error, on: .inference).body))
        }
    }

    private func writeEvents(_ send: @Sendable ([UInt8]) async throws -> Void) async throws {
        var flow = flow
        var fresh = beginning
        try await flow.run(stream) { happening in
            switch happening {
            case .prompt, .started: break
            case .piece(_, let piece):
                let text = fresh + piece.text
                fresh = ""
                try await send(reply.event(text))
            case .ended(_, let piece, let finish):
                try await send(reply.event(fresh + piece.text, finish: finish))
            }
        }
        lease.finished(stream, reason: flow.finish.rawValue)
    }
}
