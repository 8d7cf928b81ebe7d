// SPDX-License-Identifier: Apache-2.0

/// Writes the events of streamed completions; each method gives one whole event.
package struct OpenAICompletionStream: Sendable {
    private let frame: ChunkFrame
    /// Of each choice that tells log probabilities.
    private var scores: [Int: CompletionScores] = [:]

    /// - Parameter includesUsage: Whether the caller asked for the usage: then every chunk has the member.
    package init(head: OpenAIReplyHead, includesUsage: Bool) {
        frame = ChunkFrame(object: "text_completion", head: head, includesUsage: includesUsage)
    }

    /// More of a completion, with the log probabilities of the tokens it came from.
    package mutating func content(_ text: String, choice: Int, scores: [OpenAITokenScore]? = nil) -> [UInt8] {
        var logprobs = Array(#""logprobs":null"#.utf8)
        if let scores {
            var json = JSONWriter()
            json.object { self.scores[choice, default: CompletionScores()].write(scores, to: &$0) }
            logprobs = Array(json.bytes.dropFirst().dropLast())
        }
        return frame.chunk(choice: choice, room: text.utf8.count + logprobs.count + 48) { bytes in
            bytes.append(contentsOf: #""text":"#.utf8)
            ChunkFrame.append(quoted: text, to: &bytes)
            bytes.append(.comma)
            bytes.append(contentsOf: logprobs)
            bytes.append(contentsOf: #","finish_reason":null"#.utf8)
        }
    }

    /// The chunk that each choice ends with.
    package func finish(_ reason: OpenAIFinish, choice: Int) -> [UInt8] {
        frame.chunk(choice: choice, room: 64) { bytes in
            bytes.append(contentsOf: #""text":"","logprobs":null,"finish_reason":""#.utf8)
            bytes.append(contentsOf: reason.rawValue.utf8)
            bytes.append(.quote)
        }
    }

    /// The last chunk where the caller asked for the usage: it has no choices.
    package func usage(_ usage: OpenAIUsage) -> [UInt8] { frame.usage(usage) }
}
