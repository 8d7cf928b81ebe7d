// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

extension HTTPReply {
    private static let retryAfterMilliseconds = HTTPField.Name.known("retry-after-ms")
    private static let shouldRetry = HTTPField.Name.known("x-should-retry")

    /// Tells OpenAI's clients, which repeat every 5xx, 408, 409 and 429 by themselves, when to do so and when not.
    mutating func adviseOpenAIClients() {
        if let seconds = headers[.retryAfter].flatMap({ Int($0) }) {
            headers[Self.retryAfterMilliseconds] = String(seconds.multipliedReportingOverflow(by: 1000).partialValue)
        }
        if OpenAIRetry.isUseless(status: status, isTimed: headers[.retryAfter] != nil) {
            headers[Self.shouldRetry] = "false"
        }
    }
}

/// When asking again does not help.
package enum OpenAIRetry {
    /// - Parameter isTimed: Whether the answer says when to come again.
    package static func isUseless(status: Int, isTimed: Bool) -> Bool {
        switch status {
        // Gone, never to be had, and out of time.
        case 499, 501, 504: true
        // More than the whole quota, or than the memory there is.
        case 429, 503: !isTimed
        default: false
        }
    }
}
