// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Files that cannot be rendered.
package struct DeployError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case unknownMetric, unknownLabel, invalidOption }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// A query asks for a metric that the catalogue does not have.
        package static let unknownMetric = Code(wrapped: .unknownMetric)
        /// A query asks for a label that the metric does not have.
        package static let unknownLabel = Code(wrapped: .unknownLabel)
        /// An option is not one that can be rendered.
        package static let invalidOption = Code(wrapped: .invalidOption)
    }

    package let code: Code
    package let message: String

    package var category: ErrorCategory { code == .invalidOption ? .invalidInput : .internal }

    static func unknownMetric(_ name: String) -> DeployError {
        DeployError(
            code: .unknownMetric,
            message: "a generated query asks for the metric '\(name)', which the catalogue does not have: "
                + "mend the query")
    }

    static func unknownLabel(_ label: String, of name: String) -> DeployError {
        DeployError(
            code: .unknownLabel,
            message: "a generated query asks '\(name)' for the label '\(label)', which it does not have: "
                + "mend the query")
    }

    static func invalidOption(_ message: String) -> DeployError { DeployError(code: .invalidOption, message: message) }
}
