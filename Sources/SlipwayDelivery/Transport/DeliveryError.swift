// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Something that did not leave the house.
package struct DeliveryError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case unreachable, refused, invalidReply, invalidSettings, timedOut }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// No connection, or it broke.
        package static let unreachable = Code(wrapped: .unreachable)
        /// The other side said no.
        package static let refused = Code(wrapped: .refused)
        /// The other side said something that its protocol does not know.
        package static let invalidReply = Code(wrapped: .invalidReply)
        /// An address, a secret or a message that cannot be sent like this.
        package static let invalidSettings = Code(wrapped: .invalidSettings)
        /// The deadline passed.
        package static let timedOut = Code(wrapped: .timedOut)
    }

    package let code: Code
    package let category: ErrorCategory
    package let message: String
    package let cause: (any Error)?
    package let location: String?

    package init(
        _ code: Code, category: ErrorCategory, _ message: String, cause: (any Error)? = nil, location: String? = nil
    ) {
        self.code = code
        self.category = category
        self.message = message
        self.cause = cause
        self.location = location
    }

    static func unreachable(_ what: String, cause: (any Error)? = nil) -> DeliveryError {
        DeliveryError(
            .unreachable, category: .unavailable, "cannot reach \(what): check its address and that it runs",
            cause: cause)
    }

    static func settings(_ message: String) -> DeliveryError {
        DeliveryError(.invalidSettings, category: .invalidInput, message)
    }

    static func timedOut(_ what: String) -> DeliveryError {
        DeliveryError(.timedOut, category: .deadlineExceeded, "\(what) did not answer in time")
    }
}
