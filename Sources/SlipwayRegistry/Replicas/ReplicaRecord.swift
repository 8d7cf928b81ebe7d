// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One `slipway serve` process and what it observes of itself.
package struct ReplicaRecord: Sendable, Hashable, Codable {
    package let id: String
    package let host: String
    package let processID: Int
    package let startedAt: Timestamp
    /// When it last reported; one that is silent for longer than ``lifetime`` is gone.
    package let reportedAt: Timestamp
    /// Addresses it listens on: `http` -> `127.0.0.1:8080`.
    package let addresses: [String: String]
    package let endpoints: [ObservedEndpoint]

    /// How long a report counts, in milliseconds.
    package static let lifetime: Int64 = 15_000

    package init(
        id: String, host: String, processID: Int, startedAt: Timestamp, reportedAt: Timestamp,
        addresses: [String: String], endpoints: [ObservedEndpoint]
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.reportedAt = reportedAt
        self.addresses = addresses
        self.endpoints = endpoints
    }

    package func isAlive(at now: Timestamp) -> Bool {
        now.milliseconds - reportedAt.milliseconds <= Self.lifetime
    }
}

/// What one replica does for one endpoint.
package struct ObservedEndpoint: Sendable, Hashable, Codable {
    package let endpoint: String
    /// The desired revision it works on or serves.
    package let revision: Int
    package let version: VersionID
    /// `loading`, `ready`, `draining`, `failed` ...: a lifecycle state's name.
    package let state: String
    /// Why, when it failed; what is done, when it takes long.
    package let message: String?

    package init(endpoint: String, revision: Int, version: VersionID, state: String, message: String?) {
        self.endpoint = endpoint
        self.revision = revision
        self.version = version
        self.state = state
        self.message = message
    }
}
