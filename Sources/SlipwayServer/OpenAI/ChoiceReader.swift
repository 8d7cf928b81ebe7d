// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
package import SlipwayServing
package import SlipwayWire

/// Reads one choice of an answer while it is generated: from tokens to text, reasoning and tool calls.
package struct ChoiceReader: Sendable {
    /// How an answer is to be read.
    package struct Form: Sendable {
        package let model: any LanguageModel
        package var stops: [String] = []
        /// ``RenderedChat/syntax``; empty where all is content.
        package var syntax: [UInt8] = []
        /// Whether tokens are told with how likely they were.
        package var tellsScores = false
        /// Whether pieces are wanted as they come, rather than all at the end.
        package var isGradual = false

        package init(model: any LanguageModel) { self.model = model }
    }

    /// What a token, or the end, adds to the answer.
    package struct Piece: Sendable, Hashable {
        package var deltas: [AnswerDelta] = []
        /// Of the tokens that the deltas came of; `nil` where they are not told.
        package var scores: [OpenAITokenScore]?

        package init(deltas: [AnswerDelta] = [], scores: [OpenAITokenScore]? = nil) {
            self.deltas = deltas
            self.scores = scores
        }

        package var isEmpty: Bool { deltas.isEmpty && (scores ?? []).isEmpty }
    }

    private let form: Form
    private let texts: TokenTexts?
    private let parser: (any AnswerParser)?
    private var text: AnswerText
    private var scores: [OpenAITokenScore] = []
    /// All text up to now, and how many bytes of it the parser has read.
    private var whole = ""
    private var readBytes = 0
    private var hasTold = false
    private var calls = 0
    private var reasoning = ""
    private var reason: GenerationEvent.EndReason?

    package private(set) var tokenCount = 0

    /// - Throws: `EngineError` for a syntax that the model does not know.
    package init(_ form: Form) throws {
        self.form = form
        texts = form.tellsScores ? TokenTexts(form.model) : nil
        parser = form.syntax.isEmpty ? nil : try form.model.makeParser(form.syntax)
        text = AnswerText(stops: form.stops)
    }

    /// Whether a text that ends the answer was found: what comes now counts for nothing.
    package var isStopped: Bool { text.isStopped }

    /// Why it ended; `nil` until it has.
    package var finish: OpenAIFinish? {
        guard let reason else { return nil }
        if reason == .length, !isStopped { return .length }
        return calls > 0 ? .toolCalls : .stop
    }

    /// How many of the tokens were reasoning.
    package var reasoningTokens: Int {
        guard !reasoning.isEmpty else { return 0 }
        let tokens = try? form.model.tokenize(reasoning, addsSpecial: false, parsesSpecial: false)
        return min(tokens?.count ?? 0, tokenCount)
    }

    package mutating func take(_ token: SampledToken) -> Piece {
        tokenCount += 1
        // Markers of tool calls may be control tokens: the parser takes them out again.
        let fresh = text.append(form.model.bytes(of: token.token, rendersSpecial: parser != nil))
        if let texts { scores.append(OpenAITokenScore(texts.score(token))) }
        guard !fresh.isEmpty else {
            // These tokens were the text that ended it, which is not told.
            if isStopped { scores = [] }
            return Piece()
        }
        guard parser != nil else { return piece([AnswerDelta(content: fresh)]) }
        whole += fresh
        guard form.isGradual, isWorthReading else { return Piece() }
        return piece(read(isPartial: true))
    }

    package mutating func end(_ reason: GenerationEvent.EndReason) -> Piece {
        self.reason = reason
        let rest = text.finish()
        guard parser != nil else { return piece(rest.isEmpty ? [] : [AnswerDelta(content: rest)], isLast: true) }
        whole += rest
        return piece(read(isPartial: false), isLast: true)
    }

    /// The parser begins anew each time: a long answer is read when it grew by a part of its length.
    private var isWorthReading: Bool {
        let count = whole.utf8.count
        return count - readBytes > count / 256
    }

    private mutating func read(isPartial: Bool) -> [AnswerDelta] {
        guard let parser else { return [] }
        readBytes = whole.utf8.count
        var deltas: [AnswerDelta]?
        if !isPartial { deltas = try? parser.read(whole, isPartial: false) }
        // An answer that was cut off, by a limit or a stop text, is what its beginning comes to.
        let told = deltas ?? (try? parser.read(whole, isPartial: true)) ?? []
        guard isPartial || deltas != nil || hasTold || !told.isEmpty || whole.isEmpty else {
            // A model that does not keep to its own syntax: better its words as they are than nothing.
            return [note(AnswerDelta(content: whole))]
        }
        return told.map { note($0) }
    }

    /// The delta with what clients count on: a call's first piece has an id and a name.
    private mutating func note(_ delta: AnswerDelta) -> AnswerDelta {
        var delta = delta
        hasTold = true
        reasoning += delta.reasoning
        if var call = delta.toolCall, call.index >= calls {
            calls = call.index + 1
            let id = call.id ?? ""
            call.id = id.isEmpty ? "call_" + RandomIdentifier.make().filter { $0 != "-" } : id
            call.name = call.name ?? ""
            delta.toolCall = call
        }
        return delta
    }

    private mutating func piece(_ deltas: [AnswerDelta], isLast: Bool = false) -> Piece {
        guard texts != nil else { return Piece(deltas: deltas) }
        guard isLast || deltas.contains(where: { !$0.content.isEmpty || !$0.reasoning.isEmpty }) else {
            return Piece(deltas: deltas)
        }
        defer { scores = [] }
        return Piece(deltas: deltas, scores: scores)
    }
}

extension OpenAITokenScore {
    package init(_ score: ScoredToken) {
        self.init(
            bytes: score.bytes, logProbability: score.logProbability,
            alternatives: score.alternatives.map { Candidate(bytes: $0.bytes, logProbability: $0.logProbability) })
    }
}
