// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// One choice of a request while it is generated.
final class Generation: @unchecked Sendable {
    // Unchecked: whoever submits it lets go of it; from then on only the runner's lane touches it.
    let id: GenerationID
    let choice: Int
    let request: GenerationRequest
    let log: GenerationLog
    private let sampler: any TokenSampler
    private var drafter: (any TokenDrafter)?
    private var gate: SpeculationGate
    private var lastTokenAt: ContinuousClock.Instant?
    private var hasStarted = false
    private var promptScores: [SampledToken] = []
    private(set) var generated = 0
    /// What it ended with; nothing more is told then.
    private(set) var isOver = false

    /// - Parameter drafter: `nil` where nothing is to be drafted.
    init(
        id: GenerationID, choice: Int, request: GenerationRequest, log: GenerationLog, sampler: any TokenSampler,
        drafter: (any TokenDrafter)?
    ) {
        self.id = id
        self.choice = choice
        self.request = request
        self.log = log
        self.sampler = sampler
        self.drafter = drafter
        gate = SpeculationGate(isForced: request.speculation == .on)
    }

    // MARK: - On the lane

    /// What may follow what was generated so far, where that is worth a try.
    func draft() -> [TokenID] {
        guard let drafter, generated > 0, gate.isOpen(at: generated) else { return [] }
        return Array(drafter.propose().prefix(gate.most))
    }

    /// Tells how likely tokens of the prompt were.
    ///
    /// - Parameter first: The batch's output that belongs to the work's first token.
    func score(_ work: PlannedStep.Work, first: Int, on session: any LanguageSession) throws(EngineError) {
        guard let alternatives = request.promptAlternatives, choice == 0 else { return }
        for (offset, position) in (work.start..<work.start + work.tokens.count).enumerated() {
            guard position + 1 < request.prompt.count else { break }
            promptScores.append(
                try session.score(request.prompt[position + 1], output: first + offset, alternatives: alternatives))
        }
    }

    /// Chooses what follows a piece of work, and tells it.
    ///
    /// - Parameters:
    ///   - outputs: The batch's outputs that belong to the last token and to the draft after it.
    ///   - draft: Tokens that were proposed and computed with it.
    /// - Returns: The tokens that count, and why it ended where it did.
    func choose(
        outputs: Range<Int>, draft: ArraySlice<TokenID>, on session: any LanguageSession,
        isEnd: (TokenID) -> Bool, cachedTokens: Int
    ) throws(EngineError) -> Choice {
        if !hasStarted { start(cachedTokens: cachedTokens) }
        var choice = Choice()
        let limit = request.maximumTokens ?? .max
        guard limit > 0 else {
            end(.length)
            return Choice(tokens: [], isOver: true)
        }
        for (offset, output) in outputs.enumerated() {
            let sampled = try session.sample(sampler, output: output, alternatives: request.alternatives)
            choice.tokens.append(sampled.token)
            if heedsEnd, isEnd(sampled.token) {
                // Who asks for the prompt's probabilities counts on one of a token after it, whichever that is.
                if request.promptAlternatives != nil { log.yield(.token(choice: self.choice, sampled)) }
                end(.end)
                break
            }
            tell(sampled, &choice)
            if generated >= limit {
                end(.length)
                break
            }
            let expected = draft.dropFirst(offset).first
            if sampled.token != expected { break }
        }
        if !draft.isEmpty {
            let accepted = choice.tokens.count - 1
            gate.record(proposed: draft.count, accepted: accepted, at: generated)
            log.drafted(draft.count, accepted: accepted)
        }
        choice.isOver = isOver
        if !isOver { drafter?.feed(choice.tokens) }
        return choice
    }

    /// A grammar that is complete allows nothing else.
    private var heedsEnd: Bool { !request.sampling.ignoresEnd || request.sampling.constraint != .none }

    struct Choice {
        var tokens: [TokenID] = []
        var isOver = false
        /// Since the token before, for each one but the first.
        var gaps: [Duration] = []
    }

    private func start(cachedTokens: Int) {
        hasStarted = true
        if !promptScores.isEmpty || request.promptAlternatives != nil, choice == 0 { log.yield(.prompt(promptScores)) }
        promptScores = []
        log.started(cachedTokens: cachedTokens)
        log.yield(.started(choice: choice, cachedTokens: cachedTokens))
    }

    private func tell(_ token: SampledToken, _ choice: inout Choice) {
        let now = ContinuousClock.now
        if let lastTokenAt { choice.gaps.append(now - lastTokenAt) }
        lastTokenAt = now
        generated += 1
        log.generated(token.token, choice: self.choice, at: now)
        log.yield(.token(choice: self.choice, token))
    }

    /// Tells that it is over; does nothing the second time.
    func end(_ reason: GenerationEvent.EndReason) {
        guard !isOver else { return }
        isOver = true
        log.yield(.ended(choice: choice, reason))
        log.choiceEnded(reason, choice: choice)
    }

    /// The whole request fails; its other choices with it.
    func fail(_ error: any Error) {
        isOver = true
        log.fail(error)
    }
}
