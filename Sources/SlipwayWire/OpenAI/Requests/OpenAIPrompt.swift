// SPDX-License-Identifier: Apache-2.0

/// A text for a model, or its tokens where the caller has cut it.
package enum OpenAIPrompt: Sendable, Hashable {
    case text(String)
    /// None negative. Whether the model has them is not checked.
    case tokens([Int32])

    /// Of one request.
    static let most = 2048

    /// Reads `string | [string] | [int] | [[int]]`, of which lists may mix strings and lists.
    ///
    /// - Returns: At least one.
    static func read(_ scanner: inout JSONScanner) throws(WireError) -> [OpenAIPrompt] {
        if scanner.peek() == .quote { return [.text(try scanner.string())] }
        guard scanner.peek() == .openBracket else {
            throw scanner.wrongType("a string, a list of strings or of token numbers")
        }
        var probe = scanner
        probe.cursor += 1
        let first = probe.peek()
        if first == .minus || first &- 48 <= 9 { return [.tokens(try tokens(&scanner))] }
        let prompts = try scanner.list(most: most) { (scanner) throws(WireError) -> OpenAIPrompt in
            switch scanner.peek() {
            case .quote: .text(try scanner.string())
            case .openBracket: .tokens(try tokens(&scanner))
            default: throw scanner.wrongType("a string or a list of token numbers")
            }
        }
        guard !prompts.isEmpty else { throw WireError(.invalidRequest, "expected at least one, got an empty list") }
        return prompts
    }

    /// Memory is bounded by the body: a token takes two bytes of it at least.
    static func tokens(_ scanner: inout JSONScanner, most: Int = .max) throws(WireError) -> [Int32] {
        try scanner.list(most: most) { (scanner) throws(WireError) in try scanner.tokenID() }
    }
}
