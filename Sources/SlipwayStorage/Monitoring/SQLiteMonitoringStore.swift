// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SlipwayCore
package import SlipwayMonitoring
import SlipwayRegistry

/// What monitoring keeps, in one SQLite file beside the registry's, shared safely by the processes of one machine.
///
/// A file of its own: what is written every few seconds here must not wait for, or wake, what replicas watch there.
package final class SQLiteMonitoringStore: MonitoringStore {
    private let database: SharedDatabase

    private init(_ database: SharedDatabase) { self.database = database }

    /// Opens what monitoring of a home keeps; makes it when there is none, and brings an older one to today's schema.
    ///
    /// - Parameters:
    ///   - path: The database file, see ``HomeLayout/monitoringDatabase``. A lock file lies beside it.
    ///   - busyTimeout: How long a call waits for another process before it throws `storeUnavailable`.
    /// - Throws: ``RegistryError`` `corrupt`, `storeTooNew`, `storeFull` or `storeUnavailable`.
    package static func open(
        path: String, busyTimeout: Duration = .seconds(5)
    ) async throws -> SQLiteMonitoringStore {
        let words: SharedDatabase.Words = { MonitoringDatabase.mapped($0, path: $1) }
        let pool = try await SharedDatabase.open(path: path, busyTimeout: busyTimeout, words: words) {
            try MonitoringDatabase.open(path: path, busyTimeout: busyTimeout)
        }
        return SQLiteMonitoringStore(SharedDatabase(pool: pool, path: path, words: words))
    }

    /// Calls after this throw `storeUnavailable`.
    package func close() async {
        let pool = database.pool
        // Closing fails only where a query still runs; the file is whole all the same.
        _ = try? await BlockingFiles.run { _ in try pool.close() }
    }

    /// Copies a consistent state into a new file that can be opened itself, while others write.
    ///
    /// - Throws: ``RegistryError`` `conflict` when the file is there already.
    package func backUp(to path: String) async throws { try await database.backUp(to: path) }

    func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        try await database.read(body)
    }

    func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        try await database.write(body)
    }

    // MARK: - Profiles

    package func profile(of version: VersionID) async throws -> ReferenceProfile? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT profile FROM profiles WHERE model = ? AND number = ?",
                arguments: [version.model, version.number]
            ).map { try MonitoringJSON.decode($0, "profile") }
        }
    }

    package func save(_ profile: ReferenceProfile, of version: VersionID) async throws {
        // Megabytes for wide profiles: on the database's thread.
        try await write { db in
            let text = try MonitoringJSON.encode(profile)
            try db.execute(
                sql: """
                    INSERT INTO profiles (model, number, profile) VALUES (?1, ?2, ?3)
                    ON CONFLICT (model, number) DO UPDATE SET profile = excluded.profile WHERE NOT ?4
                    """,
                arguments: [version.model, version.number, text, profile.isProvisional])
        }
    }

    // MARK: - Windows

    package func save(_ windows: [StoredWindow]) async throws {
        try await write { db in
            for window in windows {
                try db.execute(
                    sql: """
                        INSERT INTO windows (endpoint, model, number, replica, started_at, ended_at, data)
                        VALUES (?, ?, ?, ?, ?, ?, ?)
                        ON CONFLICT (endpoint, model, number, replica, started_at)
                        DO UPDATE SET ended_at = excluded.ended_at, data = excluded.data
                        """,
                    arguments: [
                        window.endpoint, window.version.model, window.version.number, window.replica,
                        window.startedAt.milliseconds, window.endedAt.milliseconds,
                        StoredBytes.value(window.data),
                    ])
            }
        }
    }

    package func windows(of endpoint: String, since: Timestamp) async throws -> [StoredWindow] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM (
                        SELECT *, ROW_NUMBER() OVER (
                            PARTITION BY model, number, replica ORDER BY started_at DESC) AS age
                        FROM windows WHERE endpoint = ? AND ended_at > ?)
                    WHERE age <= ? ORDER BY started_at, model, number, replica
                    """,
                arguments: [endpoint, since.milliseconds, StoredWindow.maximumParts]
            ).map { row in
                StoredWindow(
                    endpoint: endpoint,
                    version: VersionID(model: try row.value("model"), number: try row.value("number")),
                    replica: try row.value("replica"), startedAt: try row.timestamp("started_at"),
                    endedAt: try row.timestamp("ended_at"), data: try StoredBytes.bytes(row, "data"))
            }
        }
    }

    package func deleteWindows(endedBefore instant: Timestamp) async throws {
        try await write {
            try $0.execute(sql: "DELETE FROM windows WHERE ended_at < ?", arguments: [instant.milliseconds])
        }
    }
}
