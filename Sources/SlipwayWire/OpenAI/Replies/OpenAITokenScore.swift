// SPDX-License-Identifier: Apache-2.0

/// A token of an answer with how likely it was.
package struct OpenAITokenScore: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        package var bytes: [UInt8]
        package var logProbability: Float

        package init(bytes: [UInt8], logProbability: Float) {
            self.bytes = bytes
            self.logProbability = logProbability
        }
    }

    package var bytes: [UInt8]
    /// Natural; `nil` for the first token of an echoed prompt, which follows nothing.
    package var logProbability: Float?
    /// The likeliest tokens, most likely first.
    package var alternatives: [Candidate]

    package init(bytes: [UInt8], logProbability: Float?, alternatives: [Candidate] = []) {
        self.bytes = bytes
        self.logProbability = logProbability
        self.alternatives = alternatives
    }
}

extension OpenAITokenScore {
    /// The least that is told: clients cannot read minus infinity.
    static let least: Float = -9999

    static func told(_ logProbability: Float) -> Float {
        logProbability > least ? min(logProbability, 0) : least
    }

    /// The member `logprobs` of a chat's choice.
    static func writeChat(_ scores: [OpenAITokenScore]?, to json: inout JSONWriter) {
        json.key("logprobs")
        guard let scores else { return json.null() }
        json.object { json in
            json.member(
                "content",
                array: { json in
                    for score in scores {
                        json.object { json in
                            writeToken(score.bytes, score.logProbability ?? 0, to: &json)
                            json.member(
                                "top_logprobs",
                                array: { json in
                                    for other in score.alternatives {
                                        json.object { writeToken(other.bytes, other.logProbability, to: &$0) }
                                    }
                                })
                        }
                    }
                })
            json.member(null: "refusal")
        }
    }

    private static func writeToken(_ bytes: [UInt8], _ logProbability: Float, to json: inout JSONWriter) {
        json.member("token", String(decoding: bytes, as: UTF8.self))
        json.key("logprob")
        json.value(finite: told(logProbability))
        json.key("bytes")
        json.value(bytes)
    }
}

/// Writes log probabilities as the old completions have them, and counts where tokens begin.
struct CompletionScores: Sendable, Hashable {
    /// Characters, that is code points, begun so far.
    private var characters = 0

    /// The member `logprobs` of a completion's choice.
    mutating func write(_ scores: [OpenAITokenScore]?, to json: inout JSONWriter) {
        json.key("logprobs")
        guard let scores else { return json.null() }
        json.object { json in
            json.member("tokens", scores.map { Self.text($0.bytes) })
            json.member(
                "token_logprobs",
                array: { json in
                    for score in scores {
                        guard let probability = score.logProbability else { json.null(); continue }
                        json.value(finite: OpenAITokenScore.told(probability))
                    }
                })
            json.member(
                "top_logprobs", array: { json in for score in scores { Self.writeLikeliest(score, to: &json) } })
            json.member("text_offset", scores.map { offset(of: $0.bytes) })
        }
    }

    /// Where a token begins in the text; one that begins within a character belongs to that.
    private mutating func offset(of bytes: [UInt8]) -> Int {
        let isWithin = bytes.first.map { $0 & 0xC0 == 0x80 } ?? false
        let offset = isWithin ? max(0, characters - 1) : characters
        characters += bytes.count { $0 & 0xC0 != 0x80 }
        return offset
    }

    /// An object from text to log probability, the token itself among them; one value for each text.
    private static func writeLikeliest(_ score: OpenAITokenScore, to json: inout JSONWriter) {
        guard let own = score.logProbability else { return json.null() }
        var seen: Set<String> = []
        json.object { json in
            let itself = OpenAITokenScore.Candidate(bytes: score.bytes, logProbability: own)
            for candidate in score.alternatives + [itself] {
                let text = text(candidate.bytes)
                guard seen.insert(text).inserted else { continue }
                json.key(text)
                json.value(finite: OpenAITokenScore.told(candidate.logProbability))
            }
        }
    }

    /// Bytes that are no text are named as OpenAI names them: `bytes:\xe2\x80`.
    private static func text(_ bytes: [UInt8]) -> String {
        guard !bytes.withUnsafeBytes({ UTF8Sequence.isValid($0) }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        return bytes.reduce(into: "bytes:") { text, byte in
            text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
