// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A use case that cannot be carried out.
package struct ControlError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case unsupportedFormat, unreadable, invalidRequest, changedOnDisk, busy, notFound
            case signatureChange, unsupportedAnswer, unexpectedAnswer, uploadMismatch, tooLarge
            case unsafeModel
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// The file is of a format that no engine here runs.
        package static let unsupportedFormat = Code(wrapped: .unsupportedFormat)
        package static let unreadable = Code(wrapped: .unreadable)
        package static let invalidRequest = Code(wrapped: .invalidRequest)
        /// A stored file no longer says what was registered.
        package static let changedOnDisk = Code(wrapped: .changedOnDisk)
        /// Too much is going on to begin more.
        package static let busy = Code(wrapped: .busy)
        package static let notFound = Code(wrapped: .notFound)
        /// A version's inputs or outputs do not fit the callers of those before it.
        package static let signatureChange = Code(wrapped: .signatureChange)
        /// A model's answer that cannot be taken apart into rows.
        package static let unsupportedAnswer = Code(wrapped: .unsupportedAnswer)
        /// A model answers samples otherwise than was expected.
        package static let unexpectedAnswer = Code(wrapped: .unexpectedAnswer)
        /// Loading the file as its framework does would run code of the file's choosing.
        package static let unsafeModel = Code(wrapped: .unsafeModel)
        /// A piece of an upload that does not follow what is there, or a whole one that is another file than announced.
        package static let uploadMismatch = Code(wrapped: .uploadMismatch)
        package static let tooLarge = Code(wrapped: .tooLarge)
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
        case .unsupportedFormat, .unsupportedAnswer: .unsupported
        case .unreadable, .invalidRequest, .unexpectedAnswer, .unsafeModel: .invalidInput
        case .changedOnDisk: .corrupt
        case .busy: .unavailable
        case .notFound: .notFound
        case .signatureChange, .uploadMismatch: .conflict
        case .tooLarge: .tooLarge
        default: .internal
        }
    }
}
