// SPDX-License-Identifier: Apache-2.0

/// A request of `POST /v1/embeddings`.
package struct OpenAIEmbeddingRequest: Sendable, Hashable {
    /// Empty when the request names none.
    package var model = ""
    /// At least one.
    package var inputs: [OpenAIPrompt] = []
    /// Whether vectors are wanted as base64 of little-endian float32.
    package var encodesBase64 = false
    /// How many leading numbers of each vector are wanted, 1 or more; `nil` for all.
    package var dimensions: Int?
    package var user: String?

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var request = Self()
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "model": request.model = try scanner.text()
            // llama-server's clients say content.
            case "input", "content": request.inputs = try OpenAIPrompt.read(&scanner)
            case "encoding_format":
                switch try scanner.text() {
                case "float": request.encodesBase64 = false
                case "base64": request.encodesBase64 = true
                default: throw WireError(.invalidRequest, "expected float or base64")
                }
            case "dimensions": request.dimensions = try scanner.wholeNumber(in: 1...Int(Int32.max))
            case "user": request.user = try scanner.text()
            default: return false
            }
            return true
        }
        try scanner.finish()
        guard !request.inputs.isEmpty else {
            throw WireError(.invalidRequest, "expected an input, got none", at: "input")
        }
        return request
    }
}

/// A request of `POST /v1/rerank`, as Jina and llama-server have it.
package struct OpenAIRerankRequest: Sendable, Hashable {
    /// Empty when the request names none.
    package var model = ""
    package var query = ""
    /// At least one.
    package var documents: [String] = []
    /// How many of the best are wanted, 1 or more; `nil` for all.
    package var top: Int?
    package var returnsDocuments = false

    package init() {}

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError`` whose location begins with the member.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> Self {
        var scanner = try JSONScanner(body)
        var request = Self()
        var hasQuery = false
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "model": request.model = try scanner.text()
            case "query":
                request.query = try scanner.text()
                hasQuery = true
            case "documents", "texts":
                request.documents = try scanner.list(most: OpenAIPrompt.most) { (scanner) throws(WireError) in
                    try document(&scanner)
                }
            case "top_n": request.top = try scanner.wholeNumber(in: 1...Int(Int32.max))
            case "return_documents", "return_text": request.returnsDocuments = try scanner.flag()
            default: return false
            }
            return true
        }
        try scanner.finish()
        guard hasQuery else { throw WireError(.invalidRequest, "expected a query, got none", at: "query") }
        guard !request.documents.isEmpty else {
            throw WireError(.invalidRequest, "expected at least one document, got none", at: "documents")
        }
        return request
    }

    private static func document(_ scanner: inout JSONScanner) throws(WireError) -> String {
        if scanner.peek() == .quote { return try scanner.string() }
        guard scanner.peek() == .openBrace else { throw scanner.wrongType("a string or {\"text\": string}") }
        var text: String?
        try scanner.members { (scanner, key) throws(WireError) in
            guard key == "text" else { return false }
            text = try scanner.text()
            return true
        }
        guard let text else { throw WireError(.invalidRequest, "expected a text, got none", at: "text") }
        return text
    }
}
