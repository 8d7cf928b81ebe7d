// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint does on this replica now.
package struct EndpointStatus: Sendable, Hashable {
    package let endpoint: String
    /// The revision in force; 0 when the endpoint is being undeployed.
    package let revision: Int
    /// The version that answers; `nil` when none does.
    package let serving: VersionID?
    /// The version that is wanted, with its state's name and what went wrong, when something did.
    package let wanted: VersionID?
    package let state: String
    package let message: String?
    package let engine: String?
    package let lanes: Int
    package let inFlight: Int
    package let residentBytes: Int
}

/// Something that happened to a version; for logs.
package struct ServingEvent: Sendable, Hashable {
    package let endpoint: String
    package let version: VersionID
    package let state: VersionLifecycle.State
    /// Time since the version's load began.
    package let elapsed: Duration
}

extension VersionLifecycle.State: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
