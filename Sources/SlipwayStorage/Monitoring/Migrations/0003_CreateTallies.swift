// SPDX-License-Identifier: Apache-2.0

import GRDB

extension MonitoringMigrations {
    /// What each replica counted of quality and service, beside its windows of data.
    static func createTallies(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE tallies (
                    endpoint TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    writer TEXT NOT NULL,
                    at INTEGER NOT NULL,
                    data BLOB NOT NULL,
                    PRIMARY KEY (endpoint, kind, writer)
                ) STRICT;

                CREATE INDEX tallies_by_time ON tallies (kind, at);
                """)
    }
}
