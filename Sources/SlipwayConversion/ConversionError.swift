// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A model that cannot be converted, and which part of it.
package struct ConversionError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case unsupported, malformed, limitExceeded }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// Sound, but not converted: an estimator, layer, objective or parameter, which the message names.
        package static let unsupported = Code(wrapped: .unsupported)
        /// Parts of the model contradict one another or are missing.
        package static let malformed = Code(wrapped: .malformed)
        /// Deeper or larger than what is converted.
        package static let limitExceeded = Code(wrapped: .limitExceeded)
    }

    package let code: Code
    package let message: String
    /// The path to the part: `pipeline.steps[1] 'clf' (SVC)`, `layers[3] 'lambda_1'`.
    package let location: String?
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, at location: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.cause = cause
    }

    package var category: ErrorCategory {
        switch code {
        case .unsupported: .unsupported
        case .limitExceeded: .tooLarge
        default: .invalidInput
        }
    }

    /// The same error with the place where it happened, unless it already names one.
    package func located(_ place: String) -> ConversionError {
        ConversionError(code, message, at: location ?? place, cause: cause)
    }
}
