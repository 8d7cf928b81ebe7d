// SPDX-License-Identifier: Apache-2.0

/// Writes the events of a streamed chat; each method gives one whole event.
package struct OpenAIChatStream: Sendable {
    private let frame: ChunkFrame

    /// - Parameter includesUsage: Whether the caller asked for the usage: then every chunk has the member.
    package init(head: OpenAIReplyHead, includesUsage: Bool) {
        frame = ChunkFrame(object: "chat.completion.chunk", head: head, includesUsage: includesUsage)
    }

    /// The chunk that each choice begins with: its role.
    package func opening(choice: Int) -> [UInt8] {
        frame.chunk(choice: choice, room: 96) { bytes in
            bytes.append(contentsOf: #""delta":{"role":"assistant","content":""},"logprobs":null,"#.utf8)
            bytes.append(contentsOf: #""finish_reason":null"#.utf8)
        }
    }

    /// More of the answer, with the log probabilities of the tokens it came from.
    package func content(_ text: String, choice: Int, scores: [OpenAITokenScore]? = nil) -> [UInt8] {
        delta(#""delta":{"content":"#, text, choice, scores)
    }

    /// More of the model's thoughts.
    package func reasoning(_ text: String, choice: Int, scores: [OpenAITokenScore]? = nil) -> [UInt8] {
        delta(#""delta":{"reasoning_content":"#, text, choice, scores)
    }

    private func delta(
        _ begin: StaticString, _ text: String, _ choice: Int, _ scores: [OpenAITokenScore]?
    ) -> [UInt8] {
        frame.chunk(choice: choice, room: text.utf8.count + 96) { bytes in
            bytes.append(contentsOf: UnsafeBufferPointer(start: begin.utf8Start, count: begin.utf8CodeUnitCount))
            ChunkFrame.append(quoted: text, to: &bytes)
            bytes.append(contentsOf: "},".utf8)
            if let scores {
                var json = JSONWriter()
                json.object { OpenAITokenScore.writeChat(scores, to: &$0) }
                bytes.append(contentsOf: json.bytes.dropFirst().dropLast())
            } else {
                bytes.append(contentsOf: #""logprobs":null"#.utf8)
            }
            bytes.append(contentsOf: #","finish_reason":null"#.utf8)
        }
    }

    /// More of a call's arguments.
    ///
    /// - Parameters:
    ///   - index: The call's, from 0 without gaps.
    ///   - id: Only in the call's first piece, as `name`.
    package func toolCall(
        index: Int, id: String? = nil, name: String? = nil, arguments: String, choice: Int
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("index", index)
            if let id {
                json.member("id", id)
                json.member("type", "function")
            }
            json.member(
                "function",
                object: { json in
                    if let name { json.member("name", name) }
                    json.member("arguments", arguments)
                })
        }
        return frame.chunk(choice: choice, room: json.bytes.count + 96) { bytes in
            bytes.append(contentsOf: #""delta":{"tool_calls":["#.utf8)
            bytes.append(contentsOf: json.bytes)
            bytes.append(contentsOf: #"]},"logprobs":null,"finish_reason":null"#.utf8)
        }
    }

    /// The chunk that each choice ends with.
    package func finish(_ reason: OpenAIFinish, choice: Int) -> [UInt8] {
        frame.chunk(choice: choice, room: 64) { bytes in
            bytes.append(contentsOf: #""delta":{},"logprobs":null,"finish_reason":""#.utf8)
            bytes.append(contentsOf: reason.rawValue.utf8)
            bytes.append(.quote)
        }
    }

    /// The last chunk where the caller asked for the usage: it has no choices.
    package func usage(_ usage: OpenAIUsage) -> [UInt8] { frame.usage(usage) }
}
