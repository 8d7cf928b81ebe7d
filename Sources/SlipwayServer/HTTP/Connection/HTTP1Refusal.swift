// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Input that is not taken as HTTP/1, and what its sender is told before the connection closes.
///
/// After it nobody can tell where the next request begins: no more input is read.
package struct HTTP1Refusal: Error, Sendable, Hashable {
    package let status: Int
    package let message: String

    package init(status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// What the parser found wrong.
    init(parsing error: any Error) {
        switch error as? HTTPParserError {
        case .headerOverflow: self = .headersTooLarge
        case .invalidVersion: self.init(status: 505, "send HTTP/1.1, HTTP/1.0 or HTTP/2")
        case .invalidMethod: self.init(status: 400, "the method is not known")
        case let error?: self.init(status: 400, "the request is not well-formed HTTP/1.1 (\(error))")
        case nil: self.init(status: 400, "the request is not well-formed HTTP/1.1")
        }
    }

    static let headersTooLarge = HTTP1Refusal(
        status: 431,
        "the headers are too many or too large: at most \(HTTP1Head.largestFields) bytes in "
            + "\(HTTP1Head.mostFields) fields")
    static let headTooSlow = HTTP1Refusal(status: 408, "the headers come too slowly: send all of them at once")
    static let bodyTooSlow = HTTP1Refusal(status: 408, "the body comes too slowly: send all of it at once")
}
