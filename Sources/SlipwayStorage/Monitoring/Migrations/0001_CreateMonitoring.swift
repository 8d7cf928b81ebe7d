// SPDX-License-Identifier: Apache-2.0

import GRDB

extension MonitoringMigrations {
    /// Profiles, windows, alerts, decisions, silences and leases.
    static func createMonitoring(_ db: Database) throws {
        try db.execute(sql: dataTables)
        try db.execute(sql: decisionTables)
    }

    private static let dataTables = """
        CREATE TABLE profiles (
            model TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 1),
            profile TEXT NOT NULL,
            PRIMARY KEY (model, number)
        ) STRICT;

        CREATE TABLE windows (
            endpoint TEXT NOT NULL,
            model TEXT NOT NULL,
            number INTEGER NOT NULL,
            replica TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (endpoint, model, number, replica, started_at)
        ) STRICT;

        CREATE INDEX windows_by_end ON windows (ended_at);
        CREATE INDEX windows_of_endpoint ON windows (endpoint, ended_at);
        """

    private static let decisionTables = """
        CREATE TABLE alerts (
            fingerprint TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            endpoint TEXT NOT NULL,
            state TEXT NOT NULL,
            alert TEXT NOT NULL,
            PRIMARY KEY (fingerprint, started_at)
        ) STRICT;

        CREATE INDEX alerts_by_start ON alerts (started_at);
        CREATE INDEX alerts_of_endpoint ON alerts (endpoint, started_at);
        CREATE INDEX alerts_by_state ON alerts (state, started_at);

        CREATE TABLE decisions (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            endpoint TEXT NOT NULL,
            decision TEXT NOT NULL
        ) STRICT;

        CREATE INDEX decisions_of_endpoint ON decisions (endpoint, sequence);

        CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions
        BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

        CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions
        BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

        CREATE TABLE silences (
            id TEXT NOT NULL PRIMARY KEY,
            until INTEGER NOT NULL,
            silence TEXT NOT NULL
        ) STRICT;

        CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY,
            holder TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        """
}
