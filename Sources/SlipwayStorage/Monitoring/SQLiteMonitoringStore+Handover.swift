// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
package import SlipwayMonitoring

extension SQLiteMonitoringStore {
    package func handOver(_ feedback: [HandedFeedback]) async throws -> Int {
        let rows = try feedback.map { ($0, try MonitoringJSON.encode($0)) }
        return try await write { db in
            let waiting = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM handed_feedback") ?? 0
            let taken = rows.prefix(max(0, HandedFeedback.maximumCount - waiting))
            for (handed, text) in taken {
                try db.execute(
                    sql: "INSERT INTO handed_feedback (id, endpoint, at, feedback) VALUES (?, ?, ?, ?)",
                    arguments: [handed.id, handed.endpoint, handed.at.milliseconds, text])
            }
            return taken.count
        }
    }

    package func handedOver(to endpoint: String, limit: Int) async throws -> [HandedFeedback] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT feedback FROM handed_feedback WHERE endpoint = ? ORDER BY at, id LIMIT ?",
                arguments: [endpoint, max(0, limit)]
            ).map { try MonitoringJSON.decode($0, "feedback") }
        }
    }

    package func deleteHandedOver(_ ids: [String]) async throws {
        try await write { db in
            for id in ids { try db.execute(sql: "DELETE FROM handed_feedback WHERE id = ?", arguments: [id]) }
        }
    }
}
