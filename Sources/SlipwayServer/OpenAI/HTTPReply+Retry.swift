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
        // Gone, never to be had, and out of time: none of them gets better by asking again.
        if [499, 501, 504].contains(status) { headers[Self.shouldRetry] = "false" }
    }
}
