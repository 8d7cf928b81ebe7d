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
            case "content": text = try scanner.text()
            case "prompt":
                text = try scanner.text()
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
}

/// A request of `POST /detokenize`.
package struct OpenAIDetokenizeRequest: Sendable, Hashable {
    /// Empty when the request names none.
    package var model = ""
    /// None negative. Whether the model has them is not checked.
    package var tokens: [Int32] = []

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
                request.tokens = try OpenAIPrompt.tokens(&scanner)
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
