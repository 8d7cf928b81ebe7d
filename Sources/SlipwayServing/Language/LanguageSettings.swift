// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// How a loaded language model is run: the endpoint's wishes, the model's facts and the machine's cores together.
struct LanguageSettings: Sendable, Equatable {
    /// Tokens of one request, prompt and answer together.
    let context: Int
    let session: SessionOptions
    let targetStep: Duration
    let speculates: Bool
    let queuedRequests: Int
    let queuedTokens: Int
    /// Cells that only keep prefixes for later prompts.
    let keptCells: Int

    /// Longer contexts than this are used only where somebody asks for them: they cost memory from the start.
    static let usualContext = 8192
    /// Conversations whose tokens fit side by side where nobody says.
    static let usualConversations = 2
    /// A reader notices a pause of a few tenths of a second; steps that are much shorter make prompts slow.
    static let usualTarget: Duration = .milliseconds(120)
    /// Tokens of one decode: more make no kernel faster.
    static let batch = 512
    /// Attention to so many tokens at a time goes by blocks, which is many times faster than token by token.
    static let smallestChunk = 64
    /// No more than outputs: llama.cpp keeps states of no others.
    static let sequences = 128
    /// Each has a state of its own, set aside from the start.
    static let recurrentSequences = 16
    /// An estimate: with so many parameters for each kept cell the looks are a small part of a token's time. Seen with
    /// 134 million parameters: docs/benchmarks/llm.md.
    static let parametersPerKeptCell: UInt64 = 100_000
    static let leastKept = 2048
    /// Tokens of one decode whose logits are kept: each takes 4 bytes for each word of the vocabulary.
    static let outputs = 128

    init(_ spec: EndpointSpec, facts: LanguageModelFacts, threads: Int, queuedRequests: Int) {
        let language = spec.language
        let trained = facts.trainingContext > 0 ? facts.trainingContext : Self.usualContext
        // A table of positions has no more of them, whatever is asked for.
        let context = max(
            1, min(language.context ?? min(trained, Self.usualContext), facts.mostPositions ?? .max))
        let cells = Self.roundedUp(max(context, language.cacheTokens ?? context * Self.usualConversations))
        self.context = context
        session = SessionOptions(
            cells: cells, batch: min(Self.batch, cells),
            sequences: facts.isRecurrent ? Self.recurrentSequences : Self.sequences, outputs: Self.outputs,
            threads: threads, cacheType: (language.cacheType ?? .f16).sessionType)
        targetStep = language.latencyTargetMs.map { .bounded(milliseconds: $0) } ?? Self.usualTarget
        speculates = language.speculation != .off
        self.queuedRequests = queuedRequests
        // Whatever attends looks at every cell in use: of a small model that look is a notable part of a token.
        keptCells = max(Self.leastKept, Int(clamping: facts.parameterCount / Self.parametersPerKeptCell))
        queuedTokens = language.queuedTokens ?? max(65_536, 8 * context)
    }

    /// llama.cpp rounds cells up to this.
    private static func roundedUp(_ cells: Int) -> Int { (cells + 255) / 256 * 256 }

    func planner(canTrim: Bool, cells: Int) -> StepPlanner.Configuration {
        StepPlanner.Configuration(
            cells: cells, batch: session.batch, sequences: session.sequences,
            mostRunning: min(64, session.outputs / 2), outputs: session.outputs, keptCells: keptCells,
            smallestChunk: Self.smallestChunk, queuedRequests: queuedRequests, queuedTokens: queuedTokens,
            targetStep: targetStep, canTrim: canTrim)
    }

    /// What is to be set aside for a model before it is loaded.
    ///
    /// - Parameters:
    ///   - fileBytes: Of the weights, which are mapped or copied once.
    ///   - cacheBytesPerToken: Of one cell with 16-bit numbers.
    static func memoryEstimate(_ spec: EndpointSpec, fileBytes: Int, cacheBytesPerToken: Int, trainedContext: Int)
        -> Int
    {
        let facts = LanguageModelFacts(vocabularySize: 0, trainingContext: trainedContext, embeddingWidth: 0)
        let options = LanguageSettings(spec, facts: facts, threads: 1, queuedRequests: 1).session
        let perToken =
            switch options.cacheType {
            case .f16: cacheBytesPerToken
            // 34 bytes for 32 numbers.
            case .q8: cacheBytesPerToken / 32 * 17
            case .f32: cacheBytesPerToken.multipliedReportingOverflow(by: 2).partialValue
            }
        let (cache, overflow) = options.cells.multipliedReportingOverflow(by: max(0, perToken))
        let (sum, overflows) = cache.addingReportingOverflow(min(max(0, fileBytes), 1 << 61))
        // Buffers for a batch's intermediate results and logits, and who sees which cell in two bytes for each.
        let buffers = (256 << 20) + 2 * options.batch * min(options.cells, 1 << 40)
        return overflow || overflows ? .max : sum + min(buffers, .max - sum)
    }
}

extension LanguageSpec.CacheType {
    fileprivate var sessionType: SessionOptions.CacheType {
        switch self {
        case .f16: .f16
        case .q8: .q8
        case .f32: .f32
        }
    }
}
