// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
package import SlipwayWire

/// `POST /v1/completions`.
struct CompletionHandler: Sendable {
    let access: LanguageAccess

    @Sendable func answer(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let asked = try body.withUnsafeReadableBytes { try OpenAICompletionRequest.decode($0) }
        let options = asked.options
        let language = try await LanguageCall(
            call, access, model: options.model, conversation: options.conversation ?? Self.beginning(asked.prompts))
        // All are checked before the first is begun: the request is answered whole or not at all.
        let requests = try await self.requests(asked, language)
        var form = ChoiceReader.Form(model: language.model)
        form.stops = options.stops
        form.tellsScores = asked.alternatives != nil
        form.isGradual = options.streams
        var works: [CompletionWork] = []
        for (index, request) in requests.enumerated() {
            let stream = try language.lease.generate(request)
            works.append(
                CompletionWork(
                    lease: language.lease, stream: stream,
                    flow: try AnswerFlow(
                        promptTokens: request.prompt.count, choices: options.choices, form: form),
                    echo: asked.echoes ? PromptEcho(asked.prompts[index], request, language.model) : nil,
                    choices: index * options.choices..<(index + 1) * options.choices, tellsScores: form.tellsScores))
        }
        let head = language.head("cmpl-")
        guard options.streams else { return .json(try await Self.whole(works, head)) }
        return .stream(contentType: OpenAIRoutes.events, keepAlive: OpenAIEvents.ping) { [works] send in
            await Self.write(works, head, includesUsage: options.includesUsage, send)
        }
    }

    private func requests(
        _ asked: OpenAICompletionRequest, _ language: LanguageCall
    ) async throws -> [GenerationRequest] {
        let constraint = try await language.constraint(asked.options)
        var requests: [GenerationRequest] = []
        for prompt in asked.prompts {
            var request = try language.request(try await language.tokens(prompt), asked.options)
            request.alternatives = asked.alternatives
            request.promptAlternatives = asked.echoes ? asked.alternatives : nil
            request.sampling.constraint = constraint
            requests.append(request)
        }
        return requests
    }

    /// What keeps requests that go on from one another on one version: how the first prompt begins.
    private static func beginning(_ prompts: [OpenAIPrompt]) -> String? {
        switch prompts.first {
        case .text(let text): String(text.unicodeScalars.prefix(256))
        case .tokens(let tokens): tokens.prefix(64).map(String.init).joined(separator: " ")
        case nil: nil
        }
    }

    // MARK: - Replies

    private static func whole(_ works: [CompletionWork], _ head: OpenAIReplyHead) async throws -> [UInt8] {
        var results: [CompletionWork.Result] = []
        if works.count == 1, let only = works.first {
            results = [try await only.whole()]
        } else {
            results = try await withThrowingTaskGroup(of: CompletionWork.Result.self) { group in
                for work in works { group.addTask { try await work.whole() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        let choices = results.flatMap(\.choices).sorted { $0.index < $1.index }
        return OpenAICompletionReply.encode(choices, head: head, usage: UsageTally(results.map(\.usage)).total)
    }

    /// Prompts one after another, the choices of each as they come; a failure is the last event.
    private static func write(
        _ works: [CompletionWork], _ head: OpenAIReplyHead, includesUsage: Bool,
        _ send: @Sendable ([UInt8]) async throws -> Void
    ) async {
        do {
            var events = OpenAICompletionStream(head: head, includesUsage: includesUsage)
            var usages: [OpenAIUsage] = []
            var held: [UInt8] = []
            for work in works { usages.append(try await work.write(&events, &held, send)) }
            if includesUsage { held += events.usage(UsageTally(usages).total) }
            try await send(held + OpenAIEvents.done)
        } catch {
            try? await send(OpenAIFailure(error).event)
        }
    }
}

/// The sum of what several requests used.
package struct UsageTally {
    package let total: OpenAIUsage

    package init(_ usages: [OpenAIUsage]) {
        total = OpenAIUsage(
            promptTokens: usages.reduce(0) { $0 + $1.promptTokens },
            completionTokens: usages.reduce(0) { $0 + $1.completionTokens },
            cachedTokens: usages.reduce(0) { $0 + $1.cachedTokens },
            reasoningTokens: usages.reduce(0) { $0 + $1.reasoningTokens })
    }
}
