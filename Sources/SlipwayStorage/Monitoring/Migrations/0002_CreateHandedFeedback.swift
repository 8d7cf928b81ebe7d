// SPDX-License-Identifier: Apache-2.0

import GRDB

extension MonitoringMigrations {
    /// Feedback on its way from the replica it came to, to the one that made the prediction.
    static func createHandedFeedback(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE handed_feedback (
                    id TEXT NOT NULL PRIMARY KEY,
                    endpoint TEXT NOT NULL,
                    at INTEGER NOT NULL,
                    feedback TEXT NOT NULL
                ) STRICT;

                CREATE INDEX handed_feedback_of_endpoint ON handed_feedback (endpoint, at);
                """)
    }
}
