// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("Failures are told as OpenAI's")
struct OpenAIFailureTests {
    private struct Failure: SlipwayError {
        let category: ErrorCategory
        var code: String { "x" }
        var message: String { "went wrong" }
    }

    private static let table: [ErrorCategory: (Int, String, String?)] = [
        .invalidInput: (400, "invalid_request_error", nil), .conflict: (409, "invalid_request_error", nil),
        .tooLarge: (413, "invalid_request_error", nil),
        .unauthenticated: (401, "authentication_error", "invalid_api_key"),
        .forbidden: (403, "permission_error", nil), .notFound: (404, "not_found_error", "model_not_found"),
        .quotaExceeded: (429, "rate_limit_error", "rate_limit_exceeded"),
        .unavailable: (503, "unavailable_error", "unavailable"),
        .outOfResources: (503, "unavailable_error", "unavailable"),
        .deadlineExceeded: (504, "timeout_error", "timeout"), .cancelled: (499, "cancelled_error", "cancelled"),
        .unsupported: (501, "not_supported_error", nil), .corrupt: (500, "server_error", nil),
        .internal: (500, "server_error", nil),
    ]

    @Test("each kind has its status, type and code", arguments: ErrorCategory.allCases)
    func kinds(category: ErrorCategory) throws {
        let (status, type, code) = try #require(Self.table[category])
        let reply = ErrorTable.reply(to: Failure(category: category), on: .openAI)
        #expect(reply.status == status)
        let told = code.map { "\"\($0)\"" } ?? "null"
        #expect(
            text(reply.body)
                == #"{"error":{"message":"went wrong","type":"\#(type)","param":null,"code":\#(told)}}"#)
    }

    @Test("a prompt that is too long is told with the numbers")
    func overflow() {
        let error = WireError.contextLengthExceeded(promptTokens: 9, contextLength: 8)
        let reply = ErrorTable.reply(to: error, on: .openAI)
        #expect(reply.status == 400)
        #expect(
            text(reply.body).hasSuffix(
                joined(
                    #""type":"invalid_request_error","param":null,"code":"context_length_exceeded","#,
                    #""n_prompt_tokens":9,"n_ctx":8}}"#)))
    }

    @Test("errors from outside the house are kept to the log")
    func foreign() {
        struct Foreign: Error {}
        let failure = OpenAIFailure(Foreign())
        #expect(failure.status == 500 && !failure.message.contains("Foreign"))
    }

    @Test(
        "a member is told as the param, a byte only in the message",
        arguments: [
            ("n", "n", "n: bad"), ("a[1].b, byte 7", "a[1].b", "a[1].b: bad"), ("byte 7", nil, "bad (at byte 7)"),
            (nil, nil, "bad"),
        ] as [(String?, String?, String)])
    func places(location: String?, param: String?, message: String) {
        let failure = OpenAIFailure(WireError(.invalidRequest, "bad", at: location))
        #expect(failure.param == param && failure.message == message)
    }

    @Test("within a stream it is an event whose JSON has an error")
    func event() {
        let event = text(OpenAIFailure(Failure(category: .internal)).event)
        #expect(event.hasPrefix(#"data: {"error":{"message":"went wrong""#) && event.hasSuffix("}}\n\n"))
    }
}
