// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry

/// The rows of models and versions, inside a transaction of the caller.
enum VersionRows {
    static func all(_ db: Database, model: String) throws -> [VersionRecord] {
        let files = try Dictionary(grouping: fileRows(db, "model = ?", [model])) { try $0.value("number") as Int }
        return try Row.fetchAll(
            db, sql: "SELECT * FROM versions WHERE model = ? ORDER BY number", arguments: [model]
        ).map { try record($0, files: files[try $0.value("number")] ?? []) }
    }

    static func find(_ db: Database, _ id: VersionID) throws -> VersionRecord? {
        try first(db, "model = ? AND number = ?", [id.model, id.number])
    }

    static func find(_ db: Database, model: String, digest: Digest) throws -> VersionRecord? {
        try first(db, "model = ? AND digest = ?", [model, digest.hex])
    }

    static func exists(_ db: Database, _ id: VersionID) throws -> Bool {
        try Row.fetchOne(
            db, sql: "SELECT 1 FROM versions WHERE model = ? AND number = ?", arguments: [id.model, id.number]) != nil
    }

    static func numbers(_ db: Database, of model: String) throws -> [Int] {
        try Row.fetchAll(
            db, sql: "SELECT number FROM versions WHERE model = ? ORDER BY number", arguments: [model]
        ).map { try $0.value("number") }
    }

    /// Gives the next number of the model, which is made when it is new.
    static func insert(_ db: Database, _ draft: VersionDraft, now: Timestamp) throws -> VersionRecord {
        try db.execute(
            sql: "INSERT INTO models (name, next_number) VALUES (?, 1) ON CONFLICT DO NOTHING",
            arguments: [draft.model])
        let model = try Row.fetchOne(db, sql: "SELECT next_number FROM models WHERE name = ?", arguments: [draft.model])
        guard let number: Int = try model?.value("next_number") else { throw Row.unreadable("next_number") }
        let last = try Row.fetchOne(
            db, sql: "SELECT created_at FROM versions WHERE model = ? ORDER BY number DESC LIMIT 1",
            arguments: [draft.model])
        let record = VersionRecord(
            id: VersionID(model: draft.model, number: number),
            createdAt: now.noEarlier(than: try last?.timestamp("created_at")), draft: draft)
        try db.execute(
            sql: """
                INSERT INTO versions
                (model, number, digest, created_at, format, engine, signature, primary_path, lineage, metadata)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                draft.model, number, draft.digest.hex, record.createdAt.milliseconds, draft.format.rawValue,
                draft.engine, try StoredJSON.encode(draft.signature), draft.primaryPath,
                try StoredJSON.encode(draft.lineage), try StoredJSON.encode(draft.metadata),
            ])
        for (position, file) in draft.files.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO version_files (model, number, position, path, digest, byte_count)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [draft.model, number, position, file.path, file.digest.hex, file.byteCount])
        }
        try db.execute(
            sql: "UPDATE models SET next_number = next_number + 1 WHERE name = ?", arguments: [draft.model])
        return record
    }

    /// Every version there is, for checks.
    static func everything(_ db: Database) throws -> [VersionRecord] {
        try Row.fetchAll(db, sql: "SELECT DISTINCT model FROM versions ORDER BY model")
            .flatMap { try all(db, model: try $0.value("model")) }
    }

    private static func first(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> VersionRecord? {
        let sql = "SELECT * FROM versions WHERE \(condition)"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: arguments) else { return nil }
        let id = VersionID(model: try row.value("model"), number: try row.value("number"))
        return try record(row, files: fileRows(db, "model = ? AND number = ?", [id.model, id.number]))
    }

    private static func fileRows(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [Row] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM version_files WHERE \(condition) ORDER BY number, position", arguments: arguments)
    }

    private static func record(_ row: Row, files: [Row]) throws -> VersionRecord {
        let model: String = try row.value("model")
        guard let format = ModelFormat(rawValue: try row.value("format")) else { throw Row.unreadable("format") }
        let draft = VersionDraft(
            model: model, digest: try row.digest("digest"), format: format, engine: try row.value("engine"),
            signature: try row.json("signature"),
            files: try files.map { file in
                BundleFile(
                    path: try file.value("path"), digest: try file.digest("digest"),
                    byteCount: try file.value("byte_count"))
            },
            primaryPath: try row.value("primary_path"), lineage: try row.json("lineage"),
            metadata: try row.json("metadata"))
        return VersionRecord(
            id: VersionID(model: model, number: try row.value("number")),
            createdAt: try row.timestamp("created_at"), draft: draft)
    }
}
