// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What monitoring keeps over restarts and shares between replicas. Implementations are in SlipwayStorage.
package protocol MonitoringStore: Sendable {
    // MARK: Profiles

    func profile(of version: VersionID) async throws -> ReferenceProfile?
    /// Replaces the version's profile; a provisional one never replaces another.
    func save(_ profile: ReferenceProfile, of version: VersionID) async throws

    // MARK: Windows

    /// Replaces what this replica stored of these windows.
    func save(_ windows: [StoredWindow]) async throws
    /// The windows of an endpoint, of all replicas, that ended after `since`; of each replica and version the newest
    /// ``StoredWindow/maximumParts``.
    func windows(of endpoint: String, since: Timestamp) async throws -> [StoredWindow]
    func deleteWindows(endedBefore instant: Timestamp) async throws

    // MARK: Tallies

    /// Replaces what these writers stored of these endpoints and kinds.
    func save(_ tallies: [StoredTally]) async throws
    /// What was counted after `since`, of all endpoints where none is named; of each endpoint the newest
    /// ``StoredTally/maximumWriters``, newest first.
    func tallies(_ kind: StoredTally.Kind, of endpoint: String?, since: Timestamp) async throws -> [StoredTally]
    func deleteTallies(_ kind: StoredTally.Kind, countedBefore instant: Timestamp) async throws

    // MARK: Alerts, silences, decisions

    /// Stores alerts that begin to fire. One that fires already, for another replica saw the same, stands instead.
    ///
    /// - Returns: What stands, in the same order.
    func begin(_ alerts: [Alert]) async throws -> [Alert]
    /// Inserts or replaces alerts by fingerprint and start.
    func save(_ alerts: [Alert]) async throws
    /// Newest first.
    func alerts(of endpoint: String?, state: Alert.State?, limit: Int) async throws -> [Alert]
    /// Removes alerts that are over and began before the instant.
    func deleteAlerts(startedBefore instant: Timestamp) async throws
    func append(_ decision: GuardDecision) async throws
    /// Newest first.
    func decisions(of endpoint: String?, limit: Int) async throws -> [GuardDecision]
    func silences() async throws -> [Silence]
    func save(_ silence: Silence) async throws
    func deleteSilence(_ id: String) async throws

    // MARK: Feedback for other replicas

    /// Keeps feedback for other replicas to take up.
    ///
    /// - Returns: How many were kept, the first ones: at most ``HandedFeedback/maximumCount`` lie there.
    func handOver(_ feedback: [HandedFeedback]) async throws -> Int
    /// Oldest first.
    func handedOver(to endpoint: String, limit: Int) async throws -> [HandedFeedback]
    func deleteHandedOver(_ ids: [String]) async throws

    // MARK: Leadership

    /// Takes or renews the lease named; `true` when `holder` has it until `now + duration`.
    func acquireLease(_ name: String, holder: String, now: Timestamp, duration: Duration) async throws -> Bool
}

/// A part of a window of one replica, as bytes that ``WindowCodec`` reads.
package struct StoredWindow: Sendable, Hashable {
    /// No window has more parts.
    package static let maximumParts = 60

    package var endpoint: String
    package var version: VersionID
    package var replica: String
    package var startedAt: Timestamp
    package var endedAt: Timestamp
    package var data: [UInt8]

    package init(
        endpoint: String, version: VersionID, replica: String, startedAt: Timestamp, endedAt: Timestamp, data: [UInt8]
    ) {
        self.endpoint = endpoint
        self.version = version
        self.replica = replica
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.data = data
    }
}

/// Alerts that are not told for a while.
package struct Silence: Sendable, Hashable, Codable {
    package var id: String
    package var endpoint: String?
    package var rule: String?
    package var subject: String?
    package var until: Timestamp
    package var reason: String

    package init(id: String, endpoint: String?, rule: String?, subject: String?, until: Timestamp, reason: String) {
        self.id = id
        self.endpoint = endpoint
        self.rule = rule
        self.subject = subject
        self.until = until
        self.reason = reason
    }
}
