// SPDX-License-Identifier: Apache-2.0

/// The answer of `POST /v1/embeddings`.
package enum OpenAIEmbeddingReply {
    /// - Parameter base64: Whether vectors are written as base64 of little-endian float32.
    package static func encode(_ vectors: [[Float]], base64: Bool, model: String, promptTokens: Int) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("object", "list")
            json.member("model", model)
            json.member(
                "data",
                array: { json in
                    for (index, vector) in vectors.enumerated() {
                        json.object { json in
                            json.member("object", "embedding")
                            json.member("index", index)
                            json.key("embedding")
                            write(vector, base64: base64, to: &json)
                        }
                    }
                })
            OpenAIUsage.write(promptTokens: promptTokens, to: &json)
        }
        return json.bytes
    }

    private static func write(_ vector: [Float], base64: Bool, to json: inout JSONWriter) {
        guard base64 else { return json.array { json in for number in vector { json.value(finite: number) } } }
        let bits = vector.map(\.bitPattern.littleEndian)
        json.raw { bytes in
            bytes.append(.quote)
            bits.withUnsafeBytes { Base64.append(encoding: $0, to: &bytes) }
            bytes.append(.quote)
        }
    }
}

/// The answer of `POST /v1/rerank`.
package enum OpenAIRerankReply {
    package struct Result: Sendable, Hashable {
        /// Of the document in the request.
        package var index: Int
        package var score: Float
        /// `nil` unless documents are to be told.
        package var document: String?

        package init(index: Int, score: Float, document: String? = nil) {
            self.index = index
            self.score = score
            self.document = document
        }
    }

    /// The documents of a request, best first, as many as it asks for; equal ones in the order given.
    ///
    /// - Parameter scores: One for each document.
    package static func ranked(_ scores: [Float], for request: OpenAIRerankRequest) -> [Result] {
        let pairs = zip(request.documents, scores).enumerated().sorted { first, second in
            let (one, other) = (first.element.1, second.element.1)
            // What is no number comes last, so that the order is one.
            if one.isNaN || other.isNaN { return one.isNaN == other.isNaN ? first.offset < second.offset : other.isNaN }
            return one == other ? first.offset < second.offset : one > other
        }
        return pairs.prefix(request.top ?? .max).map {
            Result(
                index: $0.offset, score: $0.element.1, document: request.returnsDocuments ? $0.element.0 : nil)
        }
    }

    /// - Parameter results: In the order of the answer.
    package static func encode(_ results: [Result], model: String, promptTokens: Int) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("model", model)
            json.member("object", "list")
            json.member(
                "results",
                array: { json in
                    for result in results {
                        json.object { json in
                            json.member("index", result.index)
                            json.key("relevance_score")
                            json.value(finite: result.score)
                            if let text = result.document {
                                json.member("document", object: { $0.member("text", text) })
                            }
                        }
                    }
                })
            OpenAIUsage.write(promptTokens: promptTokens, to: &json)
        }
        return json.bytes
    }
}
