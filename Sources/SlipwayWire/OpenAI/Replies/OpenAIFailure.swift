// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A failure as OpenAI's clients read it.
package struct OpenAIFailure: Sendable, Hashable {
    package var status: Int
    package var type: String
    package var message: String
    /// The member of the request that is wrong.
    package var param: String?
    package var code: String?
    /// The prompt and the room for it, where that was too small.
    package var excess: ContextExcess?

    /// The text of errors from outside the house is kept from callers: it may name paths.
    package init(_ error: any Error) {
        let category = ErrorTable.category(of: error)
        status = ErrorTable.httpStatus(for: category, on: .openAI)
        (type, code) = Self.kind(of: category)
        guard let wire = error as? WireError else {
            message = (error as? any SlipwayError)?.description ?? "internal error: see the server's log"
            return
        }
        param = wire.location.flatMap(Self.member)
        message = param.map { "\($0): \(wire.message)" } ?? wire.description
        excess = wire.excess
        if excess != nil { code = "context_length_exceeded" }
    }

    /// The member that a place lies in: `messages[3].content` of `messages[3].content, byte 71`.
    private static func member(_ location: String) -> String? {
        guard !location.hasPrefix("byte ") else { return nil }
        guard let comma = location.utf8.lastIndex(of: .comma), location[comma...].hasPrefix(", byte ") else {
            return location
        }
        return String(location[..<comma])
    }

    private static func kind(of category: ErrorCategory) -> (type: String, code: String?) {
        switch category {
        case .invalidInput, .conflict, .tooLarge: ("invalid_request_error", nil)
        case .unauthenticated: ("authentication_error", "invalid_api_key")
        case .forbidden: ("permission_error", nil)
        case .notFound: ("not_found_error", "model_not_found")
        case .quotaExceeded: ("rate_limit_error", "rate_limit_exceeded")
        case .unavailable, .outOfResources: ("unavailable_error", "unavailable")
        case .deadlineExceeded: ("timeout_error", "timeout")
        case .cancelled: ("cancelled_error", "cancelled")
        case .unsupported: ("not_supported_error", nil)
        case .corrupt, .internal: ("server_error", nil)
        }
    }

    /// `{"error":{"message","type","param","code"}}`
    package var body: [UInt8] {
        var json = JSONWriter()
        json.object { write(to: &$0) }
        return json.bytes
    }

    /// Writes the member `error` alone.
    func write(to json: inout JSONWriter) {
        json.member(
            "error",
            object: { json in
                json.member("message", message)
                json.member("type", type)
                if let param { json.member("param", param) } else { json.member(null: "param") }
                if let code { json.member("code", code) } else { json.member(null: "code") }
                guard let excess else { return }
                json.member("n_prompt_tokens", excess.promptTokens)
                json.member("n_ctx", excess.contextLength)
            })
    }

    /// The same as an event: the way to fail after a stream has begun.
    package var event: [UInt8] { OpenAIEvents.event(body) }
}
