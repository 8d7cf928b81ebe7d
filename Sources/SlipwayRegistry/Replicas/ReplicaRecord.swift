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
    /// How its cores are divided; `nil` in reports of earlier releases.
    package var cores: CoreShares?

    /// How long a report counts, in milliseconds.
    package static let lifetime: Int64 = 15_000

    package init(
        id: String, host: String, processID: Int, startedAt: Timestamp, reportedAt: Timestamp,
        addresses: [String: String], endpoints: [ObservedEndpoint], cores: CoreShares? = nil
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.reportedAt = reportedAt
        self.addresses = addresses
        self.endpoints = endpoints
        self.cores = cores
    }

    package func isAlive(at now: Timestamp) -> Bool {
        now.milliseconds - reportedAt.milliseconds <= Self.lifetime
    }
}

/// How a replica divides the cores it may use.
package struct CoreShares: Sendable, Hashable, Codable {
    /// Cores the process may use: affinity and quota, rounded down.
    package var cores: Int
    package var eventLoops: Int
    /// Engine calls that run at the same time, of all versions together.
    package var lanes: Int
    package var threadsPerCall: Int

    package init(cores: Int, eventLoops: Int, lanes: Int, threadsPerCall: Int) {
        self.cores = cores
        self.eventLoops = eventLoops
        self.lanes = lanes
        self.threadsPerCall = threadsPerCall
    }
}
