// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
import SlipwayServing
package import SlipwayWire

extension LanguageCall {
    /// A conversation as the model reads it.
    struct RenderedPrompt: Sendable {
        let rendered: RenderedChat
        let tokens: [TokenID]
    }

    /// Renders a conversation and cuts it into tokens; what users wrote is never a control token.
    ///
    /// - Throws: `EngineError` for what the template refuses and for a schema that cannot be compiled, ``WireError``
    ///   `contextLengthExceeded` for what cannot fit.
    func render(_ asked: OpenAIChatRequest) async throws -> RenderedPrompt {
        // Each takes a token at least: no template need be asked.
        guard asked.messageCount <= lease.contextLength else {
            throw WireError.contextLengthExceeded(
                promptTokens: asked.messageCount, contextLength: lease.contextLength, isLeast: true)
        }
        let input = ChatInput(asked)
        let limit = lease.contextLength
        // A byte of text takes six where it is escaped.
        try PromptTokens.check(bytes: input.messages.count / 6, limit: limit)
        // Schemas and tools become grammars, which takes a while even when they are short.
        let isHard = !input.schema.isEmpty || !input.tools.isEmpty || input.grammar != nil
        return try await work(onBytes: isHard ? .max : input.messages.count) { [model] in
            let rendered = try model.render(input)
            try PromptTokens.check(bytes: rendered.parts.reduce(0) { $0 + $1.text.utf8.count }, limit: limit)
            let tokens = try model.tokenize(rendered.parts)
            return RenderedPrompt(
                rendered: rendered, tokens: try PromptTokens.filled(tokens, with: model, at: "messages"))
        }
    }

    /// What an answer that is no part of a conversation must follow.
    ///
    /// - Throws: `EngineError` for a schema that cannot be compiled, and where the model has no template to compile
    ///   it with.
    func constraint(_ options: OpenAIOptions) async throws -> SamplingOptions.Constraint {
        if let grammar = options.grammar { return .grammar(grammar) }
        guard !options.schema.isEmpty else { return .none }
        var input = ChatInput(messages: Array(#"[{"role":"user","content":"?"}]"#.utf8))
        input.schema = options.schema
        let rendered = try await work(onBytes: .max) { [model, input] in try model.render(input) }
        return .rendered(rendered.constraint)
    }
}

extension ChatInput {
    package init(_ asked: OpenAIChatRequest) {
        self.init(messages: asked.messages)
        tools = asked.tools
        toolChoice =
            switch asked.toolChoice {
            case .auto: .auto
            case .none: .none
            case .required: .required
            case .function(let name): .function(name)
            }
        allowsParallelCalls = asked.allowsParallelCalls
        schema = asked.options.schema
        grammar = asked.options.grammar
        templateArguments = asked.templateArguments
        addsGenerationPrompt = asked.addsGenerationPrompt
        thinks = asked.thinks
    }
}
