// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The steps that bring the monitoring database to today's schema, oldest first.
///
/// Each step is a file `NNNN_Name.swift` that is never edited after its release.
enum MonitoringMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001_CreateMonitoring", migrate: createMonitoring)
        migrator.registerMigration("0002_CreateHandedFeedback", migrate: createHandedFeedback)
        migrator.registerMigration("0003_CreateTallies", migrate: createTallies)
        return migrator
    }
}
