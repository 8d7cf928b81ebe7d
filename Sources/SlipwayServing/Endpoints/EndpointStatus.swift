// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint does on this replica now.
package struct EndpointStatus: Sendable, Hashable {
    package let endpoint: String
    /// The revision that is wanted; 0 when the endpoint is being undeployed.
    package let revision: Int
    /// The version that answers whatever no canary takes; `nil` when none does.
    package let serving: VersionID?
    /// The version that is wanted for that, with its state's name and what went wrong, when something did.
    package let wanted: VersionID?
    package let state: String
    package let message: String?
    /// Every version in memory, coming or going, those that answer first.
    package let versions: [VersionStatus]
    /// What people should know: results of shadows, hung lanes, how long a rollback would take.
    package let notes: [String]

    package var engine: String? { versions.first { $0.version == serving }?.engine }
    package var lanes: Int { versions.first { $0.version == serving }?.lanes ?? 0 }
    package var inFlight: Int { versions.reduce(0) { $0 + $1.inFlight } }
    package var residentBytes: Int { versions.reduce(0) { $0 + $1.residentBytes } }
}

/// One version of an endpoint on this replica.
package struct VersionStatus: Sendable, Hashable {
    package let version: VersionID
    /// A lifecycle state's name.
    package let state: String
    /// `primary`, `canary 10%`, `rule`, `shadow 100%`, `coming`, `standby` or `leaving`.
    package let route: String
    /// Why it failed, when it did.
    package let message: String?
    package let engine: String?
    package let lanes: Int
    package let threadsPerCall: Int
    package let precision: InferencePrecision?
    package let residentBytes: Int
    package let inFlight: Int
    /// Requests of those in flight that wait for a lane.
    package let waiting: Int
    /// Engine calls that were given up and have not come back.
    package let hungCalls: Int
    /// How requests are put together, and why so.
    package let batching: String?
}

/// Something that happened to a version; for logs.
package struct ServingEvent: Sendable, Hashable {
    package let endpoint: String
    package let version: VersionID
    package let state: VersionLifecycle.State
    /// Whether no other load of the version is there for this endpoint.
    package let isOnlyLoad: Bool
    /// Time since the version's load began.
    package let elapsed: Duration
}

extension VersionLifecycle.State: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
