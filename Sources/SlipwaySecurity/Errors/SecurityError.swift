// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A refused credential, or bytes that could not be hashed.
package struct SecurityError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case malformedKey, unauthenticated, expired, forbidden, unreadable }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// The text is not an API key at all.
        package static let malformedKey = Code(wrapped: .malformedKey)
        /// No key came, or none that is known here.
        package static let unauthenticated = Code(wrapped: .unauthenticated)
        package static let expired = Code(wrapped: .expired)
        /// The key is good, its role is too low.
        package static let forbidden = Code(wrapped: .forbidden)
        /// A file could not be read to be hashed.
        package static let unreadable = Code(wrapped: .unreadable)
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?
    package let location: String?

    package init(code: Code, message: String, cause: (any Error)? = nil, location: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }

    package var category: ErrorCategory {
        switch code {
        case .malformedKey, .unauthenticated, .expired: .unauthenticated
        case .forbidden: .forbidden
        case .unreadable: .invalidInput
        default: .internal
        }
    }

    static var malformedKey: SecurityError {
        SecurityError(
            code: .malformedKey,
            message: "this is not an API key: expected slw_<id>_<secret>, as 'slipway token create' prints it")
    }

    static var unauthenticated: SecurityError {
        SecurityError(
            code: .unauthenticated,
            message: "a valid API key is needed: send 'Authorization: Bearer slw_...', made by 'slipway token create'")
    }

    static func expired(at instant: Timestamp) -> SecurityError {
        SecurityError(
            code: .expired,
            message: "the API key expired at \(instant): make a new one with 'slipway token create'")
    }

    static func forbidden(required: Role, held: Role) -> SecurityError {
        SecurityError(
            code: .forbidden,
            message: "the API key's role is \(held.rawValue), this needs \(required.rawValue): "
                + "use a key made with 'slipway token create --role \(required.rawValue)'")
    }
}
