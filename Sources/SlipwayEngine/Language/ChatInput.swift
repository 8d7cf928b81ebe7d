// SPDX-License-Identifier: Apache-2.0

/// A conversation to be rendered by a model's template.
///
/// JSON members are passed on as the caller sent them, checked to be JSON of bounded depth.
public struct ChatInput: Sendable, Hashable {
    public enum ToolChoice: Sendable, Hashable {
        case auto, none, required
        /// The function of this name, and no other.
        case function(String)
    }

    /// A JSON list of OpenAI's messages.
    public var messages: [UInt8]
    /// A JSON list of OpenAI's tools; empty for none.
    public var tools: [UInt8] = []
    public var toolChoice = ToolChoice.auto
    public var allowsParallelCalls = true
    /// The JSON schema that the answer must have; empty for none.
    public var schema: [UInt8] = []
    /// GBNF that the answer must follow.
    public var grammar: String?
    /// A JSON object of values for the template; empty for none.
    public var templateArguments: [UInt8] = []
    /// Whether the answer's beginning is added.
    public var addsGenerationPrompt = true
    /// `nil` for the template's own way.
    public var thinks: Bool?

    public init(messages: [UInt8]) { self.messages = messages }
}

/// A piece of a rendered prompt.
public struct PromptPart: Sendable, Hashable {
    public let text: String
    /// Whether texts of control tokens in it are control tokens: the template wrote it. `false` for what looked like
    /// one in what users wrote.
    public let parsesSpecial: Bool

    public init(text: String, parsesSpecial: Bool) {
        self.text = text
        self.parsesSpecial = parsesSpecial
    }
}

/// A conversation as the model reads it, and how its answer is to be read.
public struct RenderedChat: Sendable, Hashable {
    public var parts: [PromptPart]
    /// Texts that end the answer.
    public var stops: [String]
    /// For ``SamplingOptions/Constraint/rendered(_:)``; empty for none.
    public var constraint: [UInt8]
    /// For ``LanguageModel/makeParser(_:)``; empty where an answer is its content as it stands.
    public var syntax: [UInt8]

    public init(parts: [PromptPart], stops: [String] = [], constraint: [UInt8] = [], syntax: [UInt8] = []) {
        self.parts = parts
        self.stops = stops
        self.constraint = constraint
        self.syntax = syntax
    }

    public var prompt: String { parts.map(\.text).joined() }
}

extension LanguageModel {
    /// Cuts a rendered prompt into tokens, with what the model wants at the beginning.
    public func tokenize(_ parts: [PromptPart]) throws(EngineError) -> [TokenID] {
        var tokens: [TokenID] = []
        for (index, part) in parts.enumerated() {
            tokens += try tokenize(part.text, addsSpecial: index == 0, parsesSpecial: part.parsesSpecial)
        }
        return tokens
    }
}

/// Reads an answer back into content, reasoning and tool calls, while it grows. One thread at a time.
public protocol AnswerParser: AnyObject, Sendable {
    /// Reads the answer so far, all of it.
    ///
    /// - Parameter isPartial: Whether more may come.
    /// - Returns: What it adds to what the last call told.
    func read(_ text: String, isPartial: Bool) throws(EngineError) -> [AnswerDelta]
}

/// A piece of an answer.
public struct AnswerDelta: Sendable, Hashable {
    public struct ToolCall: Sendable, Hashable {
        /// From 0, dense.
        public var index: Int
        /// Only in the first piece of a call.
        public var id: String?
        public var name: String?
        /// More of the arguments' JSON text.
        public var arguments: String

        public init(index: Int, id: String? = nil, name: String? = nil, arguments: String) {
            self.index = index
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    public var content: String
    public var reasoning: String
    public var toolCall: ToolCall?

    public init(content: String = "", reasoning: String = "", toolCall: ToolCall? = nil) {
        self.content = content
        self.reasoning = reasoning
        self.toolCall = toolCall
    }
}
