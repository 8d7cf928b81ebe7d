// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
package import SlipwayServing
package import SlipwayWire

/// Reads the events of one request into its choices.
package struct AnswerFlow: Sendable {
    /// What a reply is written from.
    package enum Happening: Sendable, Equatable {
        /// How likely the tokens of the prompt were, from its second on.
        case prompt([SampledToken])
        /// The choice is about to say something.
        case started(Int)
        case piece(Int, ChoiceReader.Piece)
        /// The choice is over, with what was held back.
        case ended(Int, ChoiceReader.Piece, OpenAIFinish)
    }

    private let promptTokens: Int
    private var readers: [ChoiceReader] = []
    private var cachedTokens = 0

    /// - Throws: `EngineError` for a syntax that the model does not know.
    package init(promptTokens: Int, choices: Int, form: ChoiceReader.Form) throws {
        self.promptTokens = promptTokens
        // Each with a parser of its own.
        for _ in 0..<max(1, choices) { readers.append(try ChoiceReader(form)) }
    }

    /// What was used, up to now.
    package var usage: OpenAIUsage {
        OpenAIUsage(
            promptTokens: promptTokens, completionTokens: readers.reduce(0) { $0 + $1.tokenCount },
            cachedTokens: cachedTokens, reasoningTokens: readers.reduce(0) { $0 + $1.reasoningTokens })
    }

    /// How the first choice ended, as statistics have it.
    package var finish: OpenAIFinish { readers.first?.finish ?? .stop }

    /// Whether a text that ends the choice was found.
    package func isStopped(_ choice: Int) -> Bool { readers.indices.contains(choice) && readers[choice].isStopped }

    private var isOver: Bool { readers.allSatisfy { $0.finish != nil } }

    /// Takes in one event; `nil` when there is nothing to write of it.
    package mutating func take(_ event: GenerationEvent) -> Happening? {
        switch event {
        case .prompt(let tokens): return .prompt(tokens)
        case .started(let choice, let cached):
            if choice == 0 { cachedTokens = cached }
            return .started(choice)
        case .token(let choice, let token):
            guard readers.indices.contains(choice), !readers[choice].isStopped else { return nil }
            let piece = readers[choice].take(token)
            return piece.isEmpty ? nil : .piece(choice, piece)
        case .ended(let choice, let reason):
            guard readers.indices.contains(choice) else { return nil }
            let piece = readers[choice].end(reason)
            return .ended(choice, piece, readers[choice].finish ?? .stop)
        }
    }

    /// Reads a stream to its end; choices whose stop text is found are stopped.
    ///
    /// - Throws: What ended the request early, `ServingError` `cancelled` when the task was cancelled.
    package mutating func run(
        _ stream: GenerationStream, _ tell: (Happening) async throws -> Void
    ) async throws {
        for try await event in stream {
            let happening = take(event)
            if case .token(let choice, _) = event, isStopped(choice) { stream.stop(choice: choice) }
            if let happening { try await tell(happening) }
        }
        guard isOver else {
            throw ServingError(code: .cancelled, message: "the request was cancelled before its answer was complete")
        }
    }
}
