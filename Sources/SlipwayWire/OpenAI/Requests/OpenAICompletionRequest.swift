// SPDX-License-Identifier: Apache-2.0

/// A request of `POST /v1/completions`.
package struct OpenAICompletionRequest: Sendable, Hashable {
    package var options: OpenAIOptions
    /// At least one. Choices of the reply are numbered prompt by prompt.
    package var prompts: [OpenAIPrompt]
    /// Whether the answer begins with the prompt.
    package var echoes: Bool
    /// How many of the likeliest tokens to tell with each one; `nil` for no log probabilities.
    package var alternatives: Int?

    /// Prompts times choices.
    static let mostAnswers = 4096
    /// What OpenAI generates where nothing is said.
    static let usualLimit = 16

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var reader = OpenAIOptionReader()
        var prompts: [OpenAIPrompt]?
        var echoes = false
        var alternatives: Int?
        var best: Int?
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "prompt": prompts = try OpenAIPrompt.read(&scanner)
            case "echo": echoes = try scanner.flag()
            case "logprobs": alternatives = try Self.alternatives(&scanner)
            case "best_of": best = try scanner.wholeNumber(in: 1...OpenAIOptionReader.mostChoices)
            case "suffix": try Self.refuseSuffix(&scanner)
            default: return try reader.read(key, &scanner)
            }
            return true
        }
        try scanner.finish()
        guard let prompts else { throw WireError(.invalidRequest, "expected a prompt, got none", at: "prompt") }
        let options = try reader.finished(usualLimit: usualLimit)
        guard best == nil || best == options.choices else {
            throw WireError(
                .invalidRequest, "choosing among more answers is not supported: leave it out", at: "best_of")
        }
        guard prompts.count * options.choices <= mostAnswers else {
            throw WireError(
                .invalidRequest, "expected prompts times n to be at most \(mostAnswers), got more", at: "prompt")
        }
        return Self(options: options, prompts: prompts, echoes: echoes, alternatives: alternatives)
    }

    private static func alternatives(_ scanner: inout JSONScanner) throws(WireError) -> Int? {
        let first = scanner.peek()
        if first == UInt8(ascii: "t") || first == UInt8(ascii: "f") { return try scanner.flag() ? 0 : nil }
        return try scanner.wholeNumber(in: 0...20)
    }

    private static func refuseSuffix(_ scanner: inout JSONScanner) throws(WireError) {
        guard try scanner.text().isEmpty else {
            throw WireError(.invalidRequest, "filling in before a suffix is not supported: leave it out")
        }
    }
}
