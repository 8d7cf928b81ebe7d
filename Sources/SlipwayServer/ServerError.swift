// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A call that the server refuses before it reaches a use case.
package struct ServerError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case notFound, bodyTooLarge, badBody, badParameter, unsupportedEncoding, forbidden, addressInUse
            case cannotListen, unfinished, unsupported
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        package static let notFound = Code(wrapped: .notFound)
        package static let bodyTooLarge = Code(wrapped: .bodyTooLarge)
        package static let badBody = Code(wrapped: .badBody)
        package static let badParameter = Code(wrapped: .badParameter)
        package static let unsupportedEncoding = Code(wrapped: .unsupportedEncoding)
        package static let unsupported = Code(wrapped: .unsupported)
        package static let forbidden = Code(wrapped: .forbidden)
        package static let addressInUse = Code(wrapped: .addressInUse)
        package static let cannotListen = Code(wrapped: .cannotListen)
        /// Accepted and still going on.
        package static let unfinished = Code(wrapped: .unfinished)
    }

    package let code: Code
    package let message: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var category: ErrorCategory {
        switch code {
        case .notFound: .notFound
        case .bodyTooLarge: .tooLarge
        case .badBody, .badParameter: .invalidInput
        case .unsupportedEncoding, .unsupported: .unsupported
        case .forbidden: .forbidden
        default: .unavailable
        }
    }

    static let noSharedMemory = ServerError(
        .unsupported, "shared memory is not supported: send tensors in the request")

    static func bodyTooLarge(limit: Int) -> ServerError {
        ServerError(
            .bodyTooLarge,
            "the body has more than \(limit) bytes, compressed or decompressed: send less, or start the server with "
                + "a larger --max-body")
    }
}
