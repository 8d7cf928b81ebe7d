// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("Errors become statuses and bodies")
struct ErrorTableTests {
    @Test("each kind of failure has its status")
    func statuses() {
        let expected: [ErrorCategory: Int] = [
            .invalidInput: 400, .notFound: 404, .conflict: 400, .unauthenticated: 401, .forbidden: 403,
            .tooLarge: 413, .quotaExceeded: 429, .unavailable: 503, .deadlineExceeded: 504, .cancelled: 499,
            .unsupported: 501, .outOfResources: 507, .corrupt: 500, .internal: 500,
        ]
        for category in ErrorCategory.allCases {
            #expect(ErrorTable.httpStatus(for: category, on: .inference) == expected[category])
            let admin = category == .conflict ? 409 : expected[category]
            #expect(ErrorTable.httpStatus(for: category, on: .admin) == admin)
            let tensorFlow = category == .conflict ? 409 : category == .outOfResources ? 429 : expected[category]
            #expect(ErrorTable.httpStatus(for: category, on: .tensorFlowServing) == tensorFlow)
            let torchServe = category == .conflict ? 409 : expected[category]
            #expect(ErrorTable.httpStatus(for: category, on: .torchServe) == torchServe)
        }
    }

    @Test("a known error is told, a foreign one kept to the log")
    func replies() {
        struct Foreign: Error {}
        let known = ErrorTable.reply(to: WireError(.invalidTensor, "too \"long\"\n", at: "x"), on: .inference)
        #expect(known.status == 400)
        #expect(text(known.body) == #"{"error":"too \"long\"\n (at x)"}"#)
        let foreign = ErrorTable.reply(to: Foreign(), on: .admin)
        #expect(foreign.status == 500)
        #expect(!text(foreign.body).contains("Foreign"))
    }
}
