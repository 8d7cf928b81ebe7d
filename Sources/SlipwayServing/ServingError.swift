// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A failure of the data plane.
package struct ServingError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case unknownEndpoint, unknownVersion, notReady, draining, overloaded, deadlineExceeded, cancelled
            case noEngine, loadFailed
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        package static let unknownEndpoint = Code(wrapped: .unknownEndpoint)
        package static let unknownVersion = Code(wrapped: .unknownVersion)
        package static let notReady = Code(wrapped: .notReady)
        package static let draining = Code(wrapped: .draining)
        package static let overloaded = Code(wrapped: .overloaded)
        package static let deadlineExceeded = Code(wrapped: .deadlineExceeded)
        package static let cancelled = Code(wrapped: .cancelled)
        package static let noEngine = Code(wrapped: .noEngine)
        package static let loadFailed = Code(wrapped: .loadFailed)
    }

    package let code: Code
    package let message: String
    package var cause: (any Error)?

    package var category: ErrorCategory {
        switch code {
        case .unknownEndpoint, .unknownVersion: .notFound
        case .notReady, .draining, .overloaded: .unavailable
        case .deadlineExceeded: .deadlineExceeded
        case .cancelled: .cancelled
        case .noEngine: .unsupported
        default: .internal
        }
    }

    static func unknownEndpoint(_ name: String) -> ServingError {
        ServingError(code: .unknownEndpoint, message: "unknown model: no endpoint '\(name)' is deployed here")
    }

    static func unknownVersion(_ version: Int, endpoint: String) -> ServingError {
        ServingError(
            code: .unknownVersion, message: "endpoint '\(endpoint)' has no version \(version) loaded")
    }

    static func notReady(_ endpoint: String, why: String) -> ServingError {
        ServingError(code: .notReady, message: "endpoint '\(endpoint)' is not ready: \(why)")
    }

    static let draining = ServingError(code: .draining, message: "the server is shutting down")

    static func overloaded(_ endpoint: String, limit: String) -> ServingError {
        ServingError(
            code: .overloaded, message: "endpoint '\(endpoint)' is overloaded: \(limit) are waiting; try again later")
    }

    static let deadlineExceeded = ServingError(
        code: .deadlineExceeded, message: "the deadline passed before the answer was ready")

    static let cancelled = ServingError(code: .cancelled, message: "the request was cancelled by the caller")
}
