// SPDX-License-Identifier: Apache-2.0

/// The answers of `/tokenize`, `/detokenize` and `/apply-template`, with the members of llama-server and vLLM.
package enum OpenAITokenReplies {
    package static func tokens(_ tokens: [Int32], contextLength: Int?) -> [UInt8] {
        encode(count: tokens.count, contextLength: contextLength) { json in
            for token in tokens { json.value(token) }
        }
    }

    /// Tokens with their texts; a text that is not UTF-8 becomes a list of bytes.
    package static func pieces(_ pieces: [(id: Int32, bytes: [UInt8])], contextLength: Int?) -> [UInt8] {
        encode(count: pieces.count, contextLength: contextLength) { json in
            for piece in pieces {
                json.object { json in
                    json.member("id", piece.id)
                    json.key("piece")
                    if piece.bytes.withUnsafeBytes({ UTF8Sequence.isValid($0) }) {
                        json.value(String(decoding: piece.bytes, as: UTF8.self))
                    } else {
                        json.value(piece.bytes)
                    }
                }
            }
        }
    }

    private static func encode(
        count: Int, contextLength: Int?, _ elements: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("tokens", array: elements)
            json.member("count", count)
            if let contextLength { json.member("max_model_len", contextLength) }
        }
        return json.bytes
    }

    /// The text of tokens; bytes that are not UTF-8 become U+FFFD.
    package static func text(_ bytes: [UInt8]) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        var json = JSONWriter()
        json.object { json in
            json.member("content", text)
            json.member("prompt", text)
        }
        return json.bytes
    }

    /// A rendered conversation.
    package static func prompt(_ text: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("prompt", text) }
        return json.bytes
    }
}
