// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The desired state of an endpoint: what it serves and how.
package struct EndpointSpec: Sendable, Hashable, Codable {
    /// The version that answers.
    package var primary: VersionID
    /// The engine to use; `nil` for the version's own.
    package var engine: String?
    package var device: String
    /// Lanes; `nil` to let the core budget decide.
    package var instances: Int?

    package init(primary: VersionID, engine: String? = nil, device: String = "cpu", instances: Int? = nil) {
        self.primary = primary
        self.engine = engine
        self.device = device
        self.instances = instances
    }
}

/// One change of an endpoint; the highest number is in force.
package struct EndpointRevision: Sendable, Hashable, Codable {
    package let endpoint: String
    /// 1, 2, 3 ... per endpoint.
    package let number: Int
    /// `nil` when the endpoint was undeployed.
    package let spec: EndpointSpec?
    package let createdAt: Timestamp
    /// Why it was made: `deploy`, `rollback to 3`, `undeploy`.
    package let reason: String

    package init(endpoint: String, number: Int, spec: EndpointSpec?, createdAt: Timestamp, reason: String) {
        self.endpoint = endpoint
        self.number = number
        self.spec = spec
        self.createdAt = createdAt
        self.reason = reason
    }
}
