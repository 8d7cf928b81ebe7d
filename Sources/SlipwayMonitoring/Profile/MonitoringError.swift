// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What was given to a monitor does not fit together.
package struct MonitoringError: SlipwayError, Equatable {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case invalidProfile, layoutMismatch, invalidLabels
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        package static let invalidProfile = Code(wrapped: .invalidProfile)
        package static let layoutMismatch = Code(wrapped: .layoutMismatch)
        package static let invalidLabels = Code(wrapped: .invalidLabels)
    }

    package let code: Code
    package let message: String
    package let location: String?
    package var category: ErrorCategory { .invalidInput }

    package init(_ code: Code, _ message: String, location: String? = nil) {
        self.code = code
        self.message = message
        self.location = location
    }
}
