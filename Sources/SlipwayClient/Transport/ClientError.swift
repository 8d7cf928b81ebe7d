// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A call to a server that did not succeed.
package struct ClientError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case unreachable, refused, invalidReply, invalidRequest, fileUnreadable }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// No connection, or it broke.
        package static let unreachable = Code(wrapped: .unreachable)
        /// The server answered with an error.
        package static let refused = Code(wrapped: .refused)
        /// The server answered with something this client does not understand.
        package static let invalidReply = Code(wrapped: .invalidReply)
        /// The call could not be made from what was given: a bad URL, an unknown option.
        package static let invalidRequest = Code(wrapped: .invalidRequest)
        /// A local file to be sent could not be read.
        package static let fileUnreadable = Code(wrapped: .fileUnreadable)
    }

    package let code: Code
    package let category: ErrorCategory
    package let message: String
    package let cause: (any Error)?
    package let location: String?

    package init(
        code: Code, category: ErrorCategory, message: String, cause: (any Error)? = nil, location: String? = nil
    ) {
        self.code = code
        self.category = category
        self.message = message
        self.cause = cause
        self.location = location
    }

    static func unreachable(_ url: String, cause: any Error) -> ClientError {
        ClientError(
            code: .unreachable, category: .unavailable,
            message: "cannot reach \(url): check the address and that 'slipway serve' is running", cause: cause)
    }

    static func invalidReply(_ what: String, location: String) -> ClientError {
        ClientError(
            code: .invalidReply, category: .internal,
            message: "the server's reply is not understood (\(what)): is it the right address and port?",
            location: location)
    }

    static func invalidRequest(_ message: String) -> ClientError {
        ClientError(code: .invalidRequest, category: .invalidInput, message: message)
    }
}
