// SPDX-License-Identifier: Apache-2.0

/// Counts what an endpoint has accepted, against its limits.
package struct AdmissionLedger: Sendable, Equatable {
    package enum Refusal: Sendable, Equatable {
        case requests(limit: Int)
        case bytes(limit: Int)
    }

    package let maximumRequests: Int
    package let maximumBytes: Int
    package private(set) var requests = 0
    package private(set) var bytes = 0
    package private(set) var refused = 0

    package init(maximumRequests: Int, maximumBytes: Int) {
        self.maximumRequests = maximumRequests
        self.maximumBytes = maximumBytes
    }

    /// Accepts a request of `size` bytes, or says which limit it would break.
    ///
    /// A single request larger than the byte limit is accepted while nothing else is held: the body limit of
    /// the protocol bounds it already.
    package mutating func admit(bytes size: Int) -> Refusal? {
        guard requests < maximumRequests else {
            refused += 1
            return .requests(limit: maximumRequests)
        }
        guard requests == 0 || size <= maximumBytes - min(bytes, maximumBytes) else {
            refused += 1
            return .bytes(limit: maximumBytes)
        }
        requests += 1
        bytes += size
        return nil
    }

    package mutating func release(bytes size: Int) {
        requests -= 1
        bytes -= size
    }
}
