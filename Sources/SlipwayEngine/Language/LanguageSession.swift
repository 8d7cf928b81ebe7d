// SPDX-License-Identifier: Apache-2.0

/// The number of a sequence in a session's KV cache, from 0.
public typealias SequenceID = Int32

/// One KV cache, shared by all sequences, and what computes on it. One thread at a time, but for ``stopper``.
public protocol LanguageSession: AnyObject {
    /// Cells of the cache: one token of one sequence each, or of several that share it.
    var cellCount: Int { get }
    /// Whether the end of a sequence can be removed without removing all of it.
    var canTrim: Bool { get }
    /// Bytes of the cache and its buffers, as far as the engine tells.
    var residentBytes: Int { get }
    var stopper: any DecodeStopper { get }

    /// Computes one batch. Blocks.
    func decode(_ batch: TokenBatch) -> DecodeOutcome

    /// Chooses a token from the outputs of the last decode, and tells the sampler so.
    ///
    /// - Parameters:
    ///   - output: Index of a token of the batch that asked for output.
    ///   - alternatives: How many of the likeliest tokens to tell; `nil` for no log probabilities at all.
    func sample(
        _ sampler: any TokenSampler, output: Int, alternatives: Int?
    ) throws(EngineError) -> SampledToken

    /// How likely `token` was at an output of the last decode.
    func score(_ token: TokenID, output: Int, alternatives: Int) throws(EngineError) -> SampledToken

    /// Positions of `source` also become `target`'s, without a copy.
    func copy(_ source: SequenceID, to target: SequenceID, positions: Range<Int>)

    /// Removes positions from `start` on.
    func remove(_ sequence: SequenceID, from start: Int)

    /// A sequence's cells as bytes.
    func save(_ sequence: SequenceID) throws(EngineError) -> [UInt8]

    /// Brings back what ``save(_:)`` gave, under any number without cells.
    func restore(_ state: [UInt8], as sequence: SequenceID) throws(EngineError)

    /// The pooled vector of a sequence of the last decode; empty when there is none.
    func embedding(of sequence: SequenceID) -> [Float]
}

/// Ends a decode that runs, from any thread.
public protocol DecodeStopper: Sendable {
    /// The decode that runs, or the next one, returns ``DecodeOutcome/stopped`` soon.
    func stop()
    func reset()
}

/// How a session is made.
public struct SessionOptions: Sendable, Hashable {
    /// The numbers in the KV cache.
    public enum CacheType: String, Sendable, Hashable, CaseIterable {
        case f16, f32
        /// 8 bits for each number, in blocks of 32 with a scale of 16 bits.
        case q8 = "q8_0"
    }

    /// Cells of the KV cache.
    public var cells: Int
    /// Most tokens of one decode.
    public var batch: Int
    /// Most sequences, 1 to 256.
    public var sequences: Int
    /// Most tokens of one decode that ask for output.
    public var outputs: Int
    /// Threads of a decode, the caller's included.
    public var threads: Int
    /// Vectors instead of text: with this pooling.
    public var pooling: LanguageModelFacts.Pooling?
    public var cacheType: CacheType

    public init(
        cells: Int, batch: Int, sequences: Int, outputs: Int, threads: Int,
        pooling: LanguageModelFacts.Pooling? = nil, cacheType: CacheType = .f16
    ) {
        self.cells = cells
        self.batch = batch
        self.sequences = sequences
        self.outputs = outputs
        self.threads = threads
        self.pooling = pooling
        self.cacheType = cacheType
    }
}

/// Tokens for one decode, each of one sequence.
public struct TokenBatch: Sendable, Equatable {
    public private(set) var tokens: [TokenID] = []
    public private(set) var positions: [Int32] = []
    public private(set) var sequences: [SequenceID] = []
    public private(set) var outputs: [Int8] = []

    public init() {}

    public var count: Int { tokens.count }

    public mutating func append(_ token: TokenID, at position: Int, of sequence: SequenceID, output: Bool) {
        tokens.append(token)
        positions.append(Int32(position))
        sequences.append(sequence)
        outputs.append(output ? 1 : 0)
    }

    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
    }
}

/// What became of a decode.
public enum DecodeOutcome: Sendable, Equatable {
    case decoded
    /// The cache has no cells for it; nothing changed.
    case noRoom
    /// It was stopped: cells of the batch's positions are undefined and to be removed.
    case stopped
    /// The engine failed; cells of the batch's positions are undefined and to be removed.
    case failed(String)
}

/// A token with how likely it was.
public struct SampledToken: Sendable, Equatable {
    public struct Candidate: Sendable, Equatable {
        public let token: TokenID
        /// Natural, of the model's own distribution before sampling; not below -9999.
        public let logProbability: Float

        public init(token: TokenID, logProbability: Float) {
            self.token = token
            self.logProbability = logProbability
        }
    }

    public let token: TokenID
    /// 0 where it was not asked for.
    public let logProbability: Float
    /// The likeliest tokens, most likely first.
    public let alternatives: [Candidate]

    public init(token: TokenID, logProbability: Float = 0, alternatives: [Candidate] = []) {
        self.token = token
        self.logProbability = logProbability
        self.alternatives = alternatives
    }
}

/// Chooses the tokens of one sequence. One thread at a time; handed from thread to thread, never shared.
public protocol TokenSampler: AnyObject, Sendable {
    /// Tells it of tokens it did not choose, for penalties.
    func feed(_ tokens: [TokenID])

    /// One more of the same options with another seed, without compiling a grammar again.
    ///
    /// To be called before anything was fed to this one or chosen with it.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` for a grammar that is too large to be copied.
    func clone(seed: UInt32?) throws(EngineError) -> any TokenSampler
}

/// Proposes how a sequence may go on, from what it holds already. One thread at a time.
public protocol TokenDrafter: AnyObject, Sendable {
    func feed(_ tokens: [TokenID])
    /// What may follow everything fed so far; often nothing.
    func propose() -> [TokenID]
}
