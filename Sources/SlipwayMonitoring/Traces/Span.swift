// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One piece of work in a distributed trace.
package struct Span: Sendable {
    package enum Kind: Int, Sendable, Hashable {
        case `internal` = 1
        /// The work for one call from outside.
        case server = 2
    }

    package let trace: TraceLink
    package let spanID: UInt64
    package let parentSpanID: UInt64?
    package let name: String
    package let kind: Kind
    /// Nanoseconds since 1970.
    package let start: UInt64
    package let end: UInt64
    package let attributes: [(name: String, value: LogValue)]
    /// The category of the failure; `nil` where it succeeded.
    package let failure: ErrorCategory?
}
