// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What one replica does for one endpoint.
package struct ObservedDTO: Sendable, Hashable, Codable {
    package var replica: String
    package var revision: Int
    package var version: VersionID
    package var state: String
    package var message: String?
    /// Each version the replica knows of for this endpoint, the primary first.
    package var versions: [ObservedVersionDTO]
    /// What people should know besides, a sentence each.
    package var notes: [String]

    package init(
        replica: String, revision: Int, version: VersionID, state: String, message: String?,
        versions: [ObservedVersionDTO] = [], notes: [String] = []
    ) {
        self.replica = replica
        self.revision = revision
        self.version = version
        self.state = state
        self.message = message
        self.versions = versions
        self.notes = notes
    }

    /// Servers of earlier releases tell neither versions nor notes.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            replica: try container.decode(String.self, forKey: .replica),
            revision: try container.decode(Int.self, forKey: .revision),
            version: try container.decode(VersionID.self, forKey: .version),
            state: try container.decode(String.self, forKey: .state),
            message: try container.decodeIfPresent(String.self, forKey: .message),
            versions: try container.decodeIfPresent([ObservedVersionDTO].self, forKey: .versions) ?? [],
            notes: try container.decodeIfPresent([String].self, forKey: .notes) ?? [])
    }
}

/// What one replica does with one version of an endpoint.
package struct ObservedVersionDTO: Sendable, Hashable, Codable {
    package var version: VersionID
    /// `ready`, `loading`, `failed` ...
    package var state: String
    /// `primary`, `canary 10%`, `shadow`, `rule` or `standby`.
    package var route: String
    package var message: String?
    package var lanes: Int
    package var threadsPerCall: Int
    package var residentBytes: Int
    /// Requests that wait or run.
    package var inFlight: Int
    /// How it is batched, in words.
    package var batching: String?
    /// The engine that runs it.
    package var engine: String?
    /// What its numbers are computed with: `f32` or `bf16`.
    package var precision: InferencePrecision?

    package init(version: VersionID, state: String, route: String) {
        self.version = version
        self.state = state
        self.route = route
        message = nil
        lanes = 0
        threadsPerCall = 0
        residentBytes = 0
        inFlight = 0
        batching = nil
        engine = nil
        precision = nil
    }
}

/// One `slipway serve` process.
package struct ReplicaDTO: Sendable, Hashable, Codable {
    package var id: String
    package var host: String
    package var processID: Int
    package var startedAt: Timestamp
    package var reportedAt: Timestamp
    package var isAlive: Bool
    package var addresses: [String: String]
    /// How its cores are divided.
    package var cores: CoreSharesDTO?

    package init(
        id: String, host: String, processID: Int, startedAt: Timestamp, reportedAt: Timestamp, isAlive: Bool,
        addresses: [String: String], cores: CoreSharesDTO? = nil
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.reportedAt = reportedAt
        self.isAlive = isAlive
        self.addresses = addresses
        self.cores = cores
    }
}

/// How a replica divides the cores it may use.
package struct CoreSharesDTO: Sendable, Hashable, Codable {
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
