// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Exact sums of what one endpoint did with one version, as V2's statistics tell them.
package struct EndpointStatistics: Sendable, Equatable {
    /// How often, and nanoseconds together.
    package struct Total: Sendable, Equatable {
        package var count: UInt64 = 0
        package var nanoseconds: UInt64 = 0

        package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
            self.count = count
            self.nanoseconds = nanoseconds
        }

        mutating func add(_ value: UInt64) {
            count &+= 1
            nanoseconds &+= value
        }
    }

    /// Engine calls of one batch size.
    package struct Batch: Sendable, Equatable {
        /// Rows executed together.
        package let size: Int
        package let computeInput: Total
        package let compute: Total
        package let computeOutput: Total
    }

    /// From receipt to answer.
    package internal(set) var success = Total()
    /// From receipt to failure.
    package internal(set) var failure = Total()
    /// This and the following: executed requests that succeeded; each request of a batch counts the batch's time.
    package internal(set) var queue = Total()
    package internal(set) var computeInput = Total()
    package internal(set) var compute = Total()
    package internal(set) var computeOutput = Total()
    /// Answers that were kept and given again.
    package internal(set) var cacheHit = Total()
    /// Rows answered.
    package internal(set) var inferenceCount: UInt64 = 0
    /// Engine calls that answered.
    package internal(set) var executionCount: UInt64 = 0
    /// When the latest request ended; `nil` before the first.
    package internal(set) var lastInference: Timestamp?
    /// By size; at most ``EndpointCounters/maximumBatchSizes`` of them.
    package internal(set) var batches: [Batch] = []
}
