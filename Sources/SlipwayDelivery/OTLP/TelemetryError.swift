// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Telemetry that cannot be sent.
package struct TelemetryError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case unreachable }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// The collector's address does not lead anywhere.
        package static let unreachable = Code(wrapped: .unreachable)
    }

    package let code: Code
    package let message: String

    package var category: ErrorCategory { .unavailable }

    static func unreachable(_ host: String, _ port: Int, _ reason: String) -> TelemetryError {
        TelemetryError(
            code: .unreachable,
            message: "metrics cannot be sent to \(host):\(port): \(reason); check the collector's address")
    }
}
