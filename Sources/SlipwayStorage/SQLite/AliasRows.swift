// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry

/// The rows of aliases and their history, inside a transaction of the caller.
enum AliasRows {
    static func all(_ db: Database, of model: String) throws -> [AliasRecord] {
        try Row.fetchAll(
            db, sql: "SELECT alias, version FROM aliases WHERE model = ? ORDER BY alias", arguments: [model]
        ).map { AliasRecord(model: model, alias: try $0.value("alias"), version: try $0.value("version")) }
    }

    static func history(_ db: Database, of model: String) throws -> [AliasEvent] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM alias_events WHERE model = ? ORDER BY sequence", arguments: [model]
        ).map { row in
            AliasEvent(
                model: model, alias: try row.value("alias"), from: try row.optional("from_version"),
                to: try row.optional("to_version"), at: try row.timestamp("at"))
        }
    }

    /// Moves, makes or (with `nil`) removes an alias and records that; does nothing where it points there already.
    static func move(
        _ db: Database, _ alias: String, of model: String, to version: Int?, now: Timestamp
    ) throws {
        let row = try Row.fetchOne(
            db, sql: "SELECT version FROM aliases WHERE model = ? AND alias = ?", arguments: [model, alias])
        let before: Int? = try row?.value("version")
        guard before != version else { return }
        if let version {
            try db.execute(
                sql: """
                    INSERT INTO aliases (model, alias, version) VALUES (?, ?, ?)
                    ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version
                    """,
                arguments: [model, alias, version])
        } else {
            try db.execute(
                sql: "DELETE FROM aliases WHERE model = ? AND alias = ?", arguments: [model, alias])
        }
        let last = try Row.fetchOne(
            db, sql: "SELECT at FROM alias_events WHERE model = ? ORDER BY sequence DESC LIMIT 1", arguments: [model])
        try db.execute(
            sql: "INSERT INTO alias_events (model, alias, from_version, to_version, at) VALUES (?, ?, ?, ?, ?)",
            arguments: [model, alias, before, version, now.noEarlier(than: try last?.timestamp("at")).milliseconds])
    }
}
