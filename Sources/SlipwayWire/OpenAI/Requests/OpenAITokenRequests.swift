// SPDX-License-Identifier: Apache-2.0

/// A request of `POST /tokenize`, in the shape of llama-server or vLLM.
package struct OpenAITokenizeRequest: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case text(String)
        case chat(OpenAIChatRequest)
    }

    /// Empty when the request names none.
    package var model: String
    package var content: Content
    /// Whether to add what the model wants at the beginning and the end.
    package var addsSpecial: Bool
    /// Whether texts of control tokens are read as such.
    package var parsesSpecial: Bool
    /// Whether the answer tells each token's text.
    package var tellsPieces: Bool

    /// Bytes, far more than any context: a second or so of a tokenizer's time.
    package static let longestText = 4 << 20

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var chat = OpenAIChatReader()
        var model = ""
        var text: String?
        var addsSpecial: Bool?
        var parsesSpecial = true
        var tellsPieces = false
        var isVLLM = false
        var hasMessages = false
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "model": model = try scanner.text()
            case "content": text = try Self.text(&scanner)
            case "prompt":
                text = try Self.text(&scanner)
                isVLLM = true
            case "add_special", "add_special_tokens": addsSpecial = try scanner.flag()
            case "parse_special": parsesSpecial = try scanner.flag()
            case "with_pieces", "return_token_strs": tellsPieces = try scanner.flag()
            case "messages", "tools", "chat_template_kwargs", "add_generation_prompt":
                hasMessages = hasMessages || key == "messages"
                return try chat.read(key, &scanner)
            default: return false
            }
            return true
        }
        try scanner.finish()
        let content: Content
        if let text {
            content = .text(text)
        } else {
            guard hasMessages else {
                throw WireError(.invalidRequest, "expected a content, a prompt or messages, got none", at: "content")
            }
            content = .chat(try chat.finished())
        }
        // The two servers differ: llama-server adds nothing unless asked, vLLM adds to a prompt, neither to a chat.
        return Self(
            model: model, content: content, addsSpecial: addsSpecial ?? isVLLM, parsesSpecial: parsesSpecial,
            tellsPieces: tellsPieces)
    }

    private static func text(_ scanner: inout JSONScanner) throws(WireError) -> String {
        let text = try scanner.text()
        guard text.utf8.count <= longestText else {
            throw WireError(
                .invalidRequest, "expected at most \(longestText) bytes, got \(text.utf8.count): cut it in pieces")
        }
        return text
    }
}

/// A request of `POST /detokenize`.
package struct OpenAIDetokenizeRequest: Sendable, Hashable {
    /// Empty when the request names none.
    package var model = ""
    /// None negative. Whether the model has them is not checked.
    package var tokens: [Int32] = []

    package static let mostTokens = 1 << 20

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var request = Self()
        var hasTokens = false
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "model": request.model = try scanner.text()
            case "tokens":
                request.tokens = try OpenAIPrompt.tokens(&scanner, most: mostTokens)
                hasTokens = true
            default: return false
            }
            return true
        }
        try scanner.finish()
        guard hasTokens else { throw WireError(.invalidRequest, "expected a list of tokens, got none", at: "tokens") }
        return request
    }
}
