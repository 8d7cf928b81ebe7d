// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

extension ServedEndpoint {
    /// Has shadows answer the same prompt, later, and compares their tokens with the answer.
    func copy(
        _ request: GenerationRequest, answered answer: GenerationLog.KeptAnswer, of model: any LanguageModel,
        to shadows: [Shadow]
    ) {
        let table = state.withLock { $0.table }
        for shadow in shadows {
            let version = table?.versions[shadow.version]
            // Numbers of tokens mean the same in vocabularies of one size only.
            guard let version, let runner = version.language?.runner,
                version.language?.model.facts.vocabularySize == model.facts.vocabularySize, mirror.takePlace()
            else {
                mirror.dropped(shadow.version)
                continue
            }
            Task { [self] in
                await compare(request, answer, shadow.version, version, runner)
                mirror.givePlaceBack()
            }
        }
    }

    private func compare(
        _ original: GenerationRequest, _ answer: GenerationLog.KeptAnswer, _ id: VersionID, _ version: LoadedVersion,
        _ runner: LanguageRunner
    ) async {
        guard let hold = VersionHold(version) else { return mirror.dropped(id) }
        defer { hold.giveBack() }
        var request = original
        request.choices = 1
        request.promptAlternatives = nil
        request.alternatives = nil
        request.urgency = InferenceRequest.leastUrgent
        // The caller's own cancellation and deadline ended with its answer.
        request.cancellation = CancellationFlag()
        request.receivedAt = .now
        request.deadline = request.receivedAt + ShadowMirror.patience
        // One more than an answer that ended by itself: whether the copy ends there, too, is part of it.
        request.maximumTokens = max(1, answer.tokens.count + (answer.isWhole ? 1 : 0))
        let (events, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let log = GenerationLog(
            request, subject: GenerationLog.Subject(endpoint: name, version: id.number, route: .shadow),
            keepsAnswer: false, continuation: continuation,
            whenOver: { [observe = context.observeGeneration] observation, _ in observe(observation) })
        do {
            let ids = try runner.submit(request, log, endpoint: name)
            let watch = context.deadlines.add(.now + ShadowMirror.patience) {
                runner.end(ids, with: ServingError.deadlineExceeded)
            }
            defer { context.deadlines.remove(watch) }
            var tokens: [TokenID] = []
            for try await event in events {
                if case .token(_, let token) = event { tokens.append(token.token) }
            }
            mirror.compared(id, TokenAgreement(tokens, with: answer.tokens).outcome)
        } catch {
            mirror.failed(id, "\(error)")
        }
    }
}

/// How far two answers to one prompt agree, token by token.
struct TokenAgreement: Sendable, Equatable {
    /// Tokens before the first that differs.
    let commonPrefix: Int
    /// Places with the same token, of the longer answer's places; 1 for two empty answers.
    let share: Double

    init(_ answer: [TokenID], with reference: [TokenID]) {
        let pairs = zip(answer, reference)
        commonPrefix = pairs.prefix { $0 == $1 }.count
        let longer = max(answer.count, reference.count)
        share = longer == 0 ? 1 : Double(pairs.reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }) / Double(longer)
    }

    /// As shadows are counted: the difference is the share of places that differ.
    var outcome: AnswerComparison.Outcome {
        var outcome = AnswerComparison.Outcome(differingRows: share == 1 ? 0 : 1, largestDifference: 1 - share)
        if share < 1 {
            outcome.output = "text_output"
            outcome.reason =
                "\(Int((share * 100).rounded(.down))) % of the tokens agree, the first \(commonPrefix) in a row"
        }
        return outcome
    }
}
