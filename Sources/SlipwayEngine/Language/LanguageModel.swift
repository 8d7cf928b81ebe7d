// SPDX-License-Identifier: Apache-2.0

/// The number of a token in a model's vocabulary.
public typealias TokenID = Int32

/// A loaded language model: everything that needs no KV cache. All of it may be called from any thread.
public protocol LanguageModel: Sendable {
    var facts: LanguageModelFacts { get }
    /// Bytes of the weights; sessions come on top.
    var residentBytes: Int { get }

    /// Cuts a text into tokens.
    ///
    /// - Parameters:
    ///   - addsSpecial: Adds what the model wants at the beginning and the end, such as BOS.
    ///   - parsesSpecial: Reads the text of control tokens as such; to be `false` for what users wrote.
    /// - Throws: ``EngineError`` `inputMismatch`.
    func tokenize(_ text: String, addsSpecial: Bool, parsesSpecial: Bool) throws(EngineError) -> [TokenID]

    /// The bytes of a token, which may be part of a character; empty for control tokens unless `rendersSpecial`.
    func bytes(of token: TokenID, rendersSpecial: Bool) -> [UInt8]

    /// Whether the token ends an answer.
    func isEnd(_ token: TokenID) -> Bool

    /// Renders a conversation with the model's template.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` for what the template refuses, a schema that cannot be compiled
    ///   and what would take too long; `unsupportedModel` where the model has no template.
    func render(_ chat: ChatInput) throws(EngineError) -> RenderedChat

    /// - Parameter syntax: ``RenderedChat/syntax``.
    func makeParser(_ syntax: [UInt8]) throws(EngineError) -> any AnswerParser

    /// A sampler for one sequence.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` for a grammar or schema that cannot be compiled.
    func makeSampler(_ options: SamplingOptions) throws(EngineError) -> any TokenSampler

    /// A KV cache with what computes on it; blocks while memory is set aside.
    ///
    /// - Throws: ``EngineError`` `outOfMemory` or `loadFailed`.
    func makeSession(_ options: SessionOptions) throws(EngineError) -> any LanguageSession

    func makeDrafter(keyLength: Int, mostTokens: Int) -> any TokenDrafter
}

/// What a language model says of itself.
public struct LanguageModelFacts: Sendable, Hashable {
    /// How the outputs of a text's tokens become one vector; raw values as GGUF has them.
    public enum Pooling: Int32, Sendable, Hashable {
        case unspecified = -1, none, mean, cls, last, rank
    }

    public var vocabularySize: Int
    /// Tokens of context it was trained with.
    public var trainingContext: Int
    public var embeddingWidth: Int
    /// Of a reranker's head; 1 where there is none.
    public var classCount: Int
    public var pooling: Pooling
    public var beginToken: TokenID?
    public var endToken: TokenID?
    /// Between the two texts of a pair.
    public var separatorToken: TokenID?
    /// Whether texts begin with ``beginToken``, and end with ``endToken``.
    public var addsBegin: Bool
    public var addsEnd: Bool
    /// Positions that a learned table has; `nil` where any can be computed.
    public var mostPositions: Int?
    /// Whether it generates text; `false` for encoders.
    public var generates: Bool
    public var isCausal: Bool
    /// Whether part of a sequence can be removed from its state: not so for recurrent models.
    public var isRecurrent: Bool
    public var hasChatTemplate: Bool
    public var parameterCount: UInt64

    public init(
        vocabularySize: Int, trainingContext: Int, embeddingWidth: Int, classCount: Int = 1,
        pooling: Pooling = .unspecified, beginToken: TokenID? = nil, endToken: TokenID? = nil,
        separatorToken: TokenID? = nil, addsBegin: Bool = true, addsEnd: Bool = true, mostPositions: Int? = nil,
        generates: Bool = true, isCausal: Bool = true, isRecurrent: Bool = false, hasChatTemplate: Bool = true,
        parameterCount: UInt64 = 0
    ) {
        self.vocabularySize = vocabularySize
        self.trainingContext = trainingContext
        self.embeddingWidth = embeddingWidth
        self.classCount = classCount
        self.pooling = pooling
        self.beginToken = beginToken
        self.endToken = endToken
        self.separatorToken = separatorToken
        self.addsBegin = addsBegin
        self.addsEnd = addsEnd
        self.mostPositions = mostPositions
        self.generates = generates
        self.isCausal = isCausal
        self.isRecurrent = isRecurrent
        self.hasChatTemplate = hasChatTemplate
        self.parameterCount = parameterCount
    }

    /// Whether it turns texts into vectors or scores rather than into text.
    public var embeds: Bool { !generates || pooling.rawValue > 0 }
}

extension LanguageModel {
    /// A query and a document as rerankers read them: begin, query, end, separator, document, end.
    ///
    /// What of these a model does not have, or does not want, is left out.
    public func tokenizePair(_ query: String, _ document: String) throws(EngineError) -> [TokenID] {
        try tokenizePair(try tokenize(query, addsSpecial: false, parsesSpecial: false), document)
    }

    /// The same with a query that was cut into tokens before, without special ones.
    public func tokenizePair(_ query: [TokenID], _ document: String) throws(EngineError) -> [TokenID] {
        let begin = facts.addsBegin ? facts.beginToken.map { [$0] } ?? [] : []
        let end = facts.addsEnd ? facts.endToken.map { [$0] } ?? [] : []
        let second = try tokenize(document, addsSpecial: false, parsesSpecial: false)
        return begin + query + end + (facts.separatorToken.map { [$0] } ?? []) + second + end
    }
}
