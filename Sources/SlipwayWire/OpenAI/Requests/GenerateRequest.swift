// SPDX-License-Identifier: Apache-2.0

/// A request of V2's `generate` and `generate_stream`, Triton's extension for language models.
///
/// Parameters may stand in `parameters` or beside the text; they have the names that completions have.
package struct GenerateRequest: Sendable, Hashable {
    /// The caller's id, echoed in the answer.
    package var id: String?
    package var text: String
    package var options: OpenAIOptions
    /// Whether the answer begins behind the text.
    package var excludesInput: Bool

    /// What Triton's backends generate where nothing is said.
    static let usualLimit = 16

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var reader = OpenAIOptionReader()
        var id: String?
        var text: String?
        var excludesInput = true
        func read(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> Bool {
            switch key {
            case "exclude_input_in_output": excludesInput = try scanner.flag()
            // One text is one answer here.
            case "n": _ = try scanner.wholeNumber(in: 1...1)
            default: return try reader.read(key, &scanner)
            }
            return true
        }
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "id": id = try scanner.text()
            case "text_input": text = try scanner.text()
            case "parameters":
                try scanner.members { (scanner, key) throws(WireError) in try read(key, &scanner) }
            default: return try read(key, &scanner)
            }
            return true
        }
        try scanner.finish()
        guard let text else { throw WireError(.invalidRequest, "expected a text, got none", at: "text_input") }
        return Self(
            id: id?.isEmpty == true ? nil : id, text: text, options: try reader.finished(usualLimit: usualLimit),
            excludesInput: excludesInput)
    }
}
