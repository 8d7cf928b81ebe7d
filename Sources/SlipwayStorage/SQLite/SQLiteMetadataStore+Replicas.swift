// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
package import SlipwayRegistry

extension SQLiteMetadataStore {
    package func report(_ replica: ReplicaRecord) async throws {
        let report = try StoredJSON.encode(replica)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO replicas (id, started_at, report) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, report = excluded.report
                    """,
                arguments: [replica.id, replica.startedAt.milliseconds, report])
        }
    }

    package func replicas() async throws -> [ReplicaRecord] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT report FROM replicas ORDER BY started_at, id")
                .map { try $0.json("report") }
        }
    }

    package func removeReplica(_ id: String) async throws {
        try await write { try $0.execute(sql: "DELETE FROM replicas WHERE id = ?", arguments: [id]) }
    }
}
