// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

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
    /// The primary; `nil` when the endpoint was undeployed. The next three repeat the spec's members too.
    package var version: VersionID?
    package var engine: String?
    package var device: String?
    package var instances: Int?
    /// The whole desired state; `nil` when the endpoint was undeployed.
    package var spec: EndpointSpec?
    package var createdAt: Timestamp
    package var reason: String

    package init(number: Int, spec: EndpointSpec?, createdAt: Timestamp, reason: String) {
        self.number = number
        version = spec?.primary
        engine = spec?.engine
        device = spec?.device
        instances = spec?.instances
        self.spec = spec
        self.createdAt = createdAt
        self.reason = reason
    }
}
