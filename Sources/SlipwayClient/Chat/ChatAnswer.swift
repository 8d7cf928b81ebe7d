// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore

/// What a server answered in a conversation, as it grows.
package struct ChatAnswer: Sendable, Hashable {
    /// A part of an answer to be shown.
    package enum Piece: Sendable, Hashable {
        case reasoning(String)
        case content(String)
    }

    package private(set) var content = ""
    package private(set) var reasoning = ""
    /// `stop`, `length` ...; `nil` while it grows.
    package private(set) var finishReason: String?
    package private(set) var promptTokens: Int?
    package private(set) var completionTokens: Int?

    package init() {}

    /// Takes in one event of the stream and tells what to show.
    ///
    /// - Throws: ``ClientError`` `refused` with the server's own words, or `invalidReply`.
    package mutating func read(_ event: [UInt8]) throws(ClientError) -> [Piece] {
        let chunk: Chunk
        do {
            chunk = try JSONDecoder().decode(Chunk.self, from: Data(event))
        } catch {
            throw .invalidReply("an event is not a chat completion chunk", location: "event stream")
        }
        if let error = chunk.error {
            throw ClientError(code: .refused, category: error.category, message: error.message)
        }
        if let usage = chunk.usage {
            promptTokens = usage.promptTokens
            completionTokens = usage.completionTokens
        }
        guard let choice = chunk.choices?.first else { return [] }
        finishReason = choice.finishReason ?? finishReason
        var pieces: [Piece] = []
        if let text = choice.delta?.reasoning, !text.isEmpty {
            reasoning += text
            pieces.append(.reasoning(text))
        }
        if let text = choice.delta?.content, !text.isEmpty {
            content += text
            pieces.append(.content(text))
        }
        return pieces
    }

    /// Whether the event is the end of the stream.
    package static func isEnd(_ event: [UInt8]) -> Bool { event.starts(with: "[DONE]".utf8) }

    private struct Chunk: Decodable {
        struct Choice: Decodable {
            struct Delta: Decodable {
                let content: String?
                let reasoning: String?

                private enum CodingKeys: String, CodingKey { case content, reasoning = "reasoning_content" }
            }
            let delta: Delta?
            let finishReason: String?

            private enum CodingKeys: String, CodingKey { case delta, finishReason = "finish_reason" }
        }
        struct Usage: Decodable {
            let promptTokens: Int?
            let completionTokens: Int?

            private enum CodingKeys: String, CodingKey {
                case promptTokens = "prompt_tokens", completionTokens = "completion_tokens"
            }
        }
        let choices: [Choice]?
        let usage: Usage?
        let error: ChatFailure.Detail?
    }
}

/// The body of an OpenAI server's refusal, or of the house's own.
struct ChatFailure: Decodable {
    struct Detail: Decodable {
        let message: String
        /// What kind of failure it is, as far as the server tells.
        let category: ErrorCategory

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                message = text
                category = .internal
                return
            }
            let members = try decoder.container(keyedBy: CodingKeys.self)
            message = try members.decode(String.self, forKey: .message)
            if let status = try? members.decode(Int.self, forKey: .code) {
                category = ServerCaller.category(ofStatus: status)
                return
            }
            // The code says more than the type.
            let words = [CodingKeys.code, .type].compactMap { try? members.decode(String.self, forKey: $0) }
            category = words.lazy.compactMap(Self.category(ofWord:)).first ?? .internal
        }

        private enum CodingKeys: String, CodingKey { case message, type, code }

        private static func category(ofWord word: String) -> ErrorCategory? {
            switch word {
            case "context_length_exceeded", "invalid_request_error": .invalidInput
            case "invalid_api_key", "authentication_error": .unauthenticated
            case "permission_error": .forbidden
            case "model_not_found", "not_found_error": .notFound
            case "rate_limit_exceeded", "insufficient_quota", "rate_limit_error": .quotaExceeded
            case "unavailable", "unavailable_error": .unavailable
            case "timeout", "timeout_error": .deadlineExceeded
            case "cancelled", "cancelled_error": .cancelled
            case "not_supported_error": .unsupported
            default: nil
            }
        }
    }

    let error: Detail
}
