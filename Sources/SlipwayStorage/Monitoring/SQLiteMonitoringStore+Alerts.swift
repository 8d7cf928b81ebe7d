// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SlipwayCore
package import SlipwayMonitoring

extension SQLiteMonitoringStore {
    // MARK: - Alerts

    package func begin(_ alerts: [Alert]) async throws -> [Alert] {
        let rows = try alerts.map { ($0, try MonitoringJSON.encode($0)) }
        // One transaction looks and writes: of two replicas that see the same at once, one is first.
        return try await write { db in
            try rows.map { alert, text in
                let standing = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT alert FROM alerts WHERE fingerprint = ? AND state = ? ORDER BY started_at LIMIT 1
                        """,
                    arguments: [alert.fingerprint, Alert.State.firing.rawValue])
                if let standing { return try MonitoringJSON.decode(standing, "alert") }
                try Self.put(alert, text, db)
                return alert
            }
        }
    }

    package func save(_ alerts: [Alert]) async throws {
        let rows = try alerts.map { ($0, try MonitoringJSON.encode($0)) }
        try await write { db in
            for (alert, text) in rows { try Self.put(alert, text, db) }
        }
    }

    private static func put(_ alert: Alert, _ text: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO alerts (fingerprint, started_at, endpoint, state, alert) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (fingerprint, started_at)
                DO UPDATE SET endpoint = excluded.endpoint, state = excluded.state, alert = excluded.alert
                """,
            arguments: [
                alert.fingerprint, alert.startedAt.milliseconds, alert.key.endpoint, alert.state.rawValue, text,
            ])
    }

    package func alerts(of endpoint: String?, state: Alert.State?, limit: Int) async throws -> [Alert] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT alert FROM alerts WHERE (?1 IS NULL OR endpoint = ?1) AND (?2 IS NULL OR state = ?2)
                    ORDER BY started_at DESC, fingerprint LIMIT ?3
                    """,
                arguments: [endpoint, state?.rawValue, max(0, limit)]
            ).map { try MonitoringJSON.decode($0, "alert") }
        }
    }

    // MARK: - Decisions

    package func append(_ decision: GuardDecision) async throws {
        let text = try MonitoringJSON.encode(decision)
        try await write { db in
            try db.execute(
                sql: "INSERT INTO decisions (endpoint, decision) VALUES (?, ?)",
                arguments: [decision.endpoint, text])
        }
    }

    package func decisions(of endpoint: String?, limit: Int) async throws -> [GuardDecision] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT decision FROM decisions WHERE (?1 IS NULL OR endpoint = ?1) ORDER BY sequence DESC LIMIT ?2
                    """,
                arguments: [endpoint, max(0, limit)]
            ).map { try MonitoringJSON.decode($0, "decision") }
        }
    }

    // MARK: - Silences

    package func silences() async throws -> [Silence] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT silence FROM silences ORDER BY until, id")
                .map { try MonitoringJSON.decode($0, "silence") }
        }
    }

    package func save(_ silence: Silence) async throws {
        let text = try MonitoringJSON.encode(silence)
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO silences (id, until, silence) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET until = excluded.until, silence = excluded.silence
                    """,
                arguments: [silence.id, silence.until.milliseconds, text])
        }
    }

    package func deleteAlerts(startedBefore instant: Timestamp) async throws {
        try await write {
            try $0.execute(
                sql: "DELETE FROM alerts WHERE state = ? AND started_at < ?",
                arguments: [Alert.State.resolved.rawValue, instant.milliseconds])
        }
    }

    package func deleteSilence(_ id: String) async throws {
        try await write { try $0.execute(sql: "DELETE FROM silences WHERE id = ?", arguments: [id]) }
    }

    // MARK: - Leadership

    package func acquireLease(
        _ name: String, holder: String, now: Timestamp, duration: Duration
    ) async throws -> Bool {
        let until = now.advanced(by: duration)
        return try await write { db in
            // One statement decides: a lease that another holds and that is not over stays as it is.
            try db.execute(
                sql: """
                    INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?3)
                    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
                    WHERE leases.holder = excluded.holder OR leases.expires_at <= ?4
                    """,
                arguments: [name, holder, until.milliseconds, now.milliseconds])
            return db.changesCount > 0
        }
    }
}

extension Timestamp {
    /// The instant so much later, to the millisecond; the last there is where it would be beyond.
    fileprivate func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, one) = seconds.multipliedReportingOverflow(by: 1000)
        let (length, two) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        let (end, three) = milliseconds.addingReportingOverflow(length)
        return Timestamp(milliseconds: one || two || three ? .max : end)
    }
}
