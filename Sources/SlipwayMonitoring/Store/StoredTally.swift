// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What one replica counted of an endpoint lately, as a whole and of each version: it adds up with that of others.
///
/// Each writer has one of a kind, which is replaced as a whole: whatever windows, clocks or rules do, nothing of it is
/// ever counted twice.
package struct StoredTally: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Labels held against predictions, business numbers, and what scores promise: ``QualityCodec``.
        case quality
        /// Requests, faults and latencies: ``ServiceCodec``.
        case service
    }

    /// The newest writers that are read of each endpoint and kind: of replicas that run, and of those that are gone.
    package static let maximumWriters = 64

    package var endpoint: String
    package var kind: Kind
    /// Who counted: a replica, or a label journal, which goes on where another replica left it.
    package var writer: String
    /// When it was counted last.
    package var at: Timestamp
    package var data: [UInt8]

    package init(endpoint: String, kind: Kind, writer: String, at: Timestamp, data: [UInt8]) {
        self.endpoint = endpoint
        self.kind = kind
        self.writer = writer
        self.at = at
        self.data = data
    }
}
