// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SlipwayCore
package import SlipwayMonitoring

extension SQLiteMonitoringStore {
    package func save(_ tallies: [StoredTally]) async throws {
        guard !tallies.isEmpty else { return }
        try await write { db in
            for tally in tallies {
                try db.execute(
                    sql: """
                        INSERT INTO tallies (endpoint, kind, writer, at, data) VALUES (?, ?, ?, ?, ?)
                        ON CONFLICT (endpoint, kind, writer) DO UPDATE SET at = excluded.at, data = excluded.data
                        """,
                    arguments: [
                        tally.endpoint, tally.kind.rawValue, tally.writer, tally.at.milliseconds,
                        StoredBytes.value(tally.data),
                    ])
            }
        }
    }

    package func tallies(
        _ kind: StoredTally.Kind, of endpoint: String?, since: Timestamp
    ) async throws -> [StoredTally] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM (
                        SELECT *, ROW_NUMBER() OVER (PARTITION BY endpoint ORDER BY at DESC, writer) AS age
                        FROM tallies WHERE kind = ?1 AND at > ?2 AND (?3 IS NULL OR endpoint = ?3))
                    WHERE age <= ?4 ORDER BY at DESC, endpoint, writer
                    """,
                arguments: [kind.rawValue, since.milliseconds, endpoint, StoredTally.maximumWriters]
            ).map { row in
                StoredTally(
                    endpoint: try row.value("endpoint"), kind: kind, writer: try row.value("writer"),
                    at: try row.timestamp("at"), data: try StoredBytes.bytes(row, "data"))
            }
        }
    }

    package func deleteTallies(_ kind: StoredTally.Kind, countedBefore instant: Timestamp) async throws {
        try await write {
            try $0.execute(
                sql: "DELETE FROM tallies WHERE kind = ? AND at < ?", arguments: [kind.rawValue, instant.milliseconds])
        }
    }
}
