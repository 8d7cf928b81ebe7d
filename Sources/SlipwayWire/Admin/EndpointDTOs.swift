// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint is to serve.
package struct DeployRequest: Sendable, Hashable, Codable {
    /// A reference: `fraud:3`, `fraud@champion`.
    package var reference: String
    package var engine: String?
    package var device: String?
    package var instances: Int?

    package init(reference: String, engine: String? = nil, device: String? = nil, instances: Int? = nil) {
        self.reference = reference
        self.engine = engine
        self.device = device
        self.instances = instances
    }
}

/// An endpoint: what is wanted and what each replica does about it.
package struct EndpointDTO: Sendable, Hashable, Codable {
    package var name: String
    package var revision: RevisionDTO
    package var replicas: [ObservedDTO]

    package init(name: String, revision: RevisionDTO, replicas: [ObservedDTO]) {
        self.name = name
        self.revision = revision
        self.replicas = replicas
    }
}

/// One change of an endpoint.
package struct RevisionDTO: Sendable, Hashable, Codable {
    package var number: Int
    /// `nil` when the endpoint was undeployed.
    package var version: VersionID?
    package var engine: String?
    package var device: String?
    package var instances: Int?
    package var createdAt: Timestamp
    package var reason: String

    package init(
        number: Int, version: VersionID?, engine: String?, device: String?, instances: Int?, createdAt: Timestamp,
        reason: String
    ) {
        self.number = number
        self.version = version
        self.engine = engine
        self.device = device
        self.instances = instances
        self.createdAt = createdAt
        self.reason = reason
    }
}

/// What one replica does for one endpoint.
package struct ObservedDTO: Sendable, Hashable, Codable {
    package var replica: String
    package var revision: Int
    package var version: VersionID
    package var state: String
    package var message: String?

    package init(replica: String, revision: Int, version: VersionID, state: String, message: String?) {
        self.replica = replica
        self.revision = revision
        self.version = version
        self.state = state
        self.message = message
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

    package init(
        id: String, host: String, processID: Int, startedAt: Timestamp, reportedAt: Timestamp, isAlive: Bool,
        addresses: [String: String]
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.reportedAt = reportedAt
        self.isAlive = isAlive
        self.addresses = addresses
    }
}
