// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

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
    /// Each version the replica knows of for this endpoint, the primary first.
    package let versions: [ObservedVersion]
    /// What people should know besides, a sentence each: results of shadows, degraded lanes, expected reload times.
    package let notes: [String]

    package init(
        endpoint: String, revision: Int, version: VersionID, state: String, message: String?,
        versions: [ObservedVersion] = [], notes: [String] = []
    ) {
        self.endpoint = endpoint
        self.revision = revision
        self.version = version
        self.state = state
        self.message = message
        self.versions = versions
        self.notes = notes
    }

    /// Reports of earlier releases have neither versions nor notes.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            endpoint: try container.decode(String.self, forKey: .endpoint),
            revision: try container.decode(Int.self, forKey: .revision),
            version: try container.decode(VersionID.self, forKey: .version),
            state: try container.decode(String.self, forKey: .state),
            message: try container.decodeIfPresent(String.self, forKey: .message),
            versions: try container.decodeIfPresent([ObservedVersion].self, forKey: .versions) ?? [],
            notes: try container.decodeIfPresent([String].self, forKey: .notes) ?? [])
    }
}

/// What one replica does with one version of an endpoint.
package struct ObservedVersion: Sendable, Hashable, Codable {
    package var version: VersionID
    /// A lifecycle state's name: `ready`, `loading`, `failed` ...
    package var state: String
    /// `primary`, `canary 10%`, `shadow`, `rule`, or `standby` for one that waits for a rollback.
    package var route: String
    /// Why, when it failed.
    package var message: String?
    package var lanes: Int
    package var threadsPerCall: Int
    package var residentBytes: Int
    /// Requests that wait or run.
    package var inFlight: Int
    /// How it is batched, in words: `up to 64 rows`, `off: outputs do not follow the batch`; `nil` when not known.
    package var batching: String?
    /// The engine that runs it; `nil` while none does.
    package var engine: String?
    /// What its numbers are computed with; `nil` while none are, and for language models.
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
