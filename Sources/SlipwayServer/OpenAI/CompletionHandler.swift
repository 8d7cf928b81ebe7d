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
        let works = try await self.works(asked, language)
        var window = RequestWindow<CompletionWork, BegunCompletion>(works)
        // What has to wait is refused before the answer begins.
        try await window.fill { try await $0.begin() }
        let head = language.head("cmpl-")
        guard options.streams else { return .json(try await Self.whole(window, head)) }
        return .stream(contentType: OpenAIRoutes.events, keepAlive: OpenAIEvents.ping) { [window] send in
            await Self.write(window, head, includesUsage: options.includesUsage, send)
        }
    }

    private func works(_ asked: OpenAICompletionRequest, _ language: LanguageCall) async throws -> [CompletionWork] {
        let options = asked.options
        let limit = language.lease.contextLength
        let constraint = try await language.constraint(options)
        let prompts = try await language.tokens(asked.prompts, at: "prompt", limit: limit)
        var requests = try language.requests(prompts, options)
        for index in requests.indices {
            requests[index].alternatives = asked.alternatives
            requests[index].promptAlternatives = asked.echoes ? asked.alternatives : nil
            requests[index].sampling.constraint = constraint
        }
        try AnswerLimits.check(requests, contextLength: limit)
        var form = ChoiceReader.Form(model: language.model)
        form.stops = options.stops
        form.tellsScores = asked.alternatives != nil
        form.isGradual = options.streams
        return zip(asked.prompts, requests).enumerated().map { index, pair in
            CompletionWork(
                language: language, request: pair.1, form: form, echoed: asked.echoes ? pair.0 : nil,
                firstChoice: index * options.choices)
        }
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

    private static func whole(
        _ window: RequestWindow<CompletionWork, BegunCompletion>, _ head: OpenAIReplyHead
    ) async throws -> [UInt8] {
        let results = try await withThrowingTaskGroup(
            of: CompletionWork.Result.self, returning: [CompletionWork.Result].self
        ) { group in
            var window = window
            var results: [CompletionWork.Result] = []
            while true {
                try await window.fill { try await $0.begin() }
                while let begun = window.next() { group.addTask { try await begun.whole() } }
                guard let result = try await group.next() else { return results }
                window.ended()
                results.append(result)
            }
        }
        let choices = results.flatMap(\.choices).sorted { $0.index < $1.index }
        return OpenAICompletionReply.encode(choices, head: head, usage: UsageTally(results.map(\.usage)).total)
    }

    /// Prompts one after another, the choices of each as they come; a failure is the last event.
    private static func write(
        _ window: RequestWindow<CompletionWork, BegunCompletion>, _ head: OpenAIReplyHead, includesUsage: Bool,
        _ send: @Sendable ([UInt8]) async throws -> Void
    ) async {
        do {
            var window = window
            var events = OpenAICompletionStream(head: head, includesUsage: includesUsage)
            var usages: [OpenAIUsage] = []
            var held: [UInt8] = []
            while let begun = window.next() {
                usages.append(try await begun.write(&events, &held, send))
                window.ended()
                try await window.fill { try await $0.begin() }
            }
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
