// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
public import SlipwayEngine
import Synchronization

/// A language model whose tokens are bytes and whose next token follows from all tokens before it, so that a cache that
/// is wrong anywhere gives another answer.
///
/// ``answer(to:count:)`` says what a right answer is.
public final class FakeLanguageModel: LanguageModel {
    public static let begin: TokenID = 256
    public static let end: TokenID = 257

    public let facts: LanguageModelFacts
    public let residentBytes = 1 << 20
    /// Called with each batch before it is computed.
    private let onDecode: @Sendable (TokenBatch) -> DecodeOutcome?
    private let cells: Int?
    private let endsAt: Int?

    /// - Parameters:
    ///   - cells: Of every session; `nil` for as many as are asked for.
    ///   - endsAt: Tokens of a sequence, prompt included, after which the model ends its answer.
    ///   - onDecode: May block, or decide what becomes of a decode; `nil` computes it.
    public init(
        context: Int = 4096, cells: Int? = nil, pooling: LanguageModelFacts.Pooling = .unspecified,
        endsAt: Int? = nil,
        onDecode: @escaping @Sendable (TokenBatch) -> DecodeOutcome? = { _ in nil }
    ) {
        facts = LanguageModelFacts(
            vocabularySize: 258, trainingContext: context, embeddingWidth: 4, pooling: pooling,
            beginToken: Self.begin, endToken: Self.end)
        self.cells = cells
        self.endsAt = endsAt
        self.onDecode = onDecode
    }

    /// The token after `tokens`: a letter.
    public static func next(after tokens: [TokenID]) -> TokenID {
        var hash: UInt32 = 2_166_136_261
        for token in tokens { hash = (hash ^ UInt32(bitPattern: token)) &* 16_777_619 }
        return 97 + TokenID(hash >> 8) % 26
    }

    /// The first `count` tokens of the answer to a prompt.
    public static func answer(to prompt: [TokenID], count: Int) -> [TokenID] {
        var tokens = prompt
        for _ in 0..<count { tokens.append(next(after: tokens)) }
        return Array(tokens.dropFirst(prompt.count))
    }

    public func tokenize(_ text: String, addsSpecial: Bool, parsesSpecial: Bool) -> [TokenID] {
        (addsSpecial ? [Self.begin] : []) + text.utf8.map { TokenID($0) }
    }

    public func bytes(of token: TokenID, rendersSpecial: Bool) -> [UInt8] {
        (0..<256).contains(token) ? [UInt8(token)] : []
    }

    public func isEnd(_ token: TokenID) -> Bool { token == Self.end }

    public func render(_ chat: ChatInput) throws(EngineError) -> RenderedChat {
        RenderedChat(parts: [PromptPart(text: String(decoding: chat.messages, as: UTF8.self), parsesSpecial: true)])
    }

    public func makeParser(_ syntax: [UInt8]) throws(EngineError) -> any AnswerParser {
        throw EngineError(code: .unsupportedModel, message: "the fake model has no syntax")
    }

    public func makeSampler(_ options: SamplingOptions) throws(EngineError) -> any TokenSampler { FakeSampler() }

    public func makeDrafter(keyLength: Int, mostTokens: Int) -> any TokenDrafter { FakeDrafter(mostTokens) }

    public func makeSession(_ options: SessionOptions) throws(EngineError) -> any LanguageSession {
        FakeSession(cells: cells ?? options.cells, endsAt: endsAt, onDecode: onDecode)
    }

    private final class FakeSampler: TokenSampler {
        func feed(_ tokens: [TokenID]) {}
        func clone(seed: UInt32?) -> any TokenSampler { FakeSampler() }
    }

    /// Proposes the right answer, and then one wrong token.
    private final class FakeDrafter: TokenDrafter {
        private let tokens = Mutex<[TokenID]>([])
        private let most: Int

        init(_ most: Int) { self.most = most }

        func feed(_ more: [TokenID]) { tokens.withLock { $0 += more } }

        func propose() -> [TokenID] {
            tokens.withLock { FakeLanguageModel.answer(to: $0, count: max(0, most - 1)) + [0] }
        }
    }
}

/// The cache as llama.cpp's unified one behaves: sequences see cells, and share them.
final class FakeSession: LanguageSession {
    let cellCount: Int
    let canTrim = true
    let residentBytes = 4096
    let stopper: any DecodeStopper = Stopper()
    private let onDecode: @Sendable (TokenBatch) -> DecodeOutcome?
    /// Cells by sequence and position; a cell is a class, so that sharing shows.
    private var sequences: [SequenceID: [Cell]] = [:]
    /// Of the last decode: what each token's sequence held up to it.
    private var seen: [[TokenID]] = []

    final class Cell {
        let token: TokenID
        init(_ token: TokenID) { self.token = token }
    }

    final class Stopper: DecodeStopper {
        let isStopped = Atomic(false)
        func stop() { isStopped.store(true, ordering: .releasing) }
        func reset() { isStopped.store(false, ordering: .releasing) }
    }

    private let endsAt: Int?

    init(cells: Int, endsAt: Int?, onDecode: @escaping @Sendable (TokenBatch) -> DecodeOutcome?) {
        cellCount = cells
        self.endsAt = endsAt
        self.onDecode = onDecode
    }

    private var usedCells: Int { Set(sequences.values.joined().map { ObjectIdentifier($0) }).count }

    func decode(_ batch: TokenBatch) -> DecodeOutcome {
        if let outcome = onDecode(batch), outcome != .decoded { return outcome }
        if let stopper = stopper as? Stopper, stopper.isStopped.load(ordering: .acquiring) { return .stopped }
        guard usedCells + batch.count <= cellCount else { return .noRoom }
        seen = []
        for index in 0..<batch.count {
            var cells = sequences[batch.sequences[index]] ?? []
            guard Int(batch.positions[index]) == cells.count else {
                return .failed(
                    "position \(batch.positions[index]) of sequence \(batch.sequences[index]), expected \(cells.count)")
            }
            cells.append(Cell(batch.tokens[index]))
            sequences[batch.sequences[index]] = cells
            seen.append(batch.outputs[index] == 1 ? cells.map(\.token) : [])
        }
        return .decoded
    }

    func sample(
        _ sampler: any TokenSampler, output: Int, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        let tokens = try prefix(output)
        let isOver = endsAt.map { tokens.count >= $0 } ?? false
        return SampledToken(token: isOver ? FakeLanguageModel.end : FakeLanguageModel.next(after: tokens))
    }

    func score(_ token: TokenID, output: Int, alternatives: Int) throws(EngineError) -> SampledToken {
        let isNext = token == FakeLanguageModel.next(after: try prefix(output))
        return SampledToken(token: token, logProbability: isNext ? 0 : -5)
    }

    private func prefix(_ output: Int) throws(EngineError) -> [TokenID] {
        guard seen.indices.contains(output), !seen[output].isEmpty else {
            throw EngineError(code: .executionFailed, message: "no output was asked for at \(output)")
        }
        return seen[output]
    }

    func copy(_ source: SequenceID, to target: SequenceID, positions: Range<Int>) {
        let cells = sequences[source] ?? []
        sequences[target] = (sequences[target] ?? []) + cells[positions.clamped(to: cells.indices)]
    }

    func remove(_ sequence: SequenceID, from start: Int) {
        guard let cells = sequences[sequence] else { return }
        sequences[sequence] = start == 0 ? nil : Array(cells.prefix(start))
    }

    func save(_ sequence: SequenceID) throws(EngineError) -> [UInt8] {
        (sequences[sequence] ?? []).flatMap { withUnsafeBytes(of: $0.token) { Array($0) } }
    }

    func restore(_ state: [UInt8], as sequence: SequenceID) throws(EngineError) {
        sequences[sequence] = state.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Cell(bytes.loadUnaligned(fromByteOffset: $0, as: TokenID.self))
            }
        }
    }

    func embedding(of sequence: SequenceID) -> [Float] {
        let tokens = (sequences[sequence] ?? []).map { Float($0.token) }
        return [Float(tokens.count), tokens.first ?? 0, tokens.last ?? 0, 1]
    }
}
