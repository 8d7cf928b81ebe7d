// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SlipwayCore
package import SlipwayRegistry

extension SQLiteMetadataStore {
    package func register(_ draft: VersionDraft, alias: String?) async throws -> VersionRecord {
        try draft.check(alias: alias)
        let clock = clock
        return try await change { db in
            let now = clock()
            let record =
                try VersionRows.find(db, model: draft.model, digest: draft.digest)
                ?? VersionRows.insert(db, draft, now: now)
            if let alias { try AliasRows.move(db, alias, of: draft.model, to: record.id.number, now: now) }
            return record
        }
    }

    package func models() async throws -> [String] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT DISTINCT model FROM versions ORDER BY model")
                .map { try $0.value("model") }
        }
    }

    package func versions(of model: String) async throws -> [VersionRecord] {
        try await read { try VersionRows.all($0, model: model) }
    }

    package func version(_ id: VersionID) async throws -> VersionRecord? {
        try await read { try VersionRows.find($0, id) }
    }

    package func delete(_ id: VersionID) async throws {
        let clock = clock
        try await change { db in
            guard try VersionRows.exists(db, id) else {
                throw RegistryError.noSuchVersion(id, known: try VersionRows.numbers(db, of: id.model))
            }
            let users = try EndpointRows.current(db).filter { $0.spec?.versions.contains(id) == true }.map(\.endpoint)
            guard users.isEmpty else { throw RegistryError.versionInUse(id, by: users) }
            let now = clock()
            for record in try AliasRows.all(db, of: id.model) where record.version == id.number {
                try AliasRows.move(db, record.alias, of: id.model, to: nil, now: now)
            }
            try db.execute(
                sql: "DELETE FROM versions WHERE model = ? AND number = ?", arguments: [id.model, id.number])
        }
    }

    package func setAlias(_ alias: String, of model: String, to version: Int?) async throws {
        try RegistryError.checkName(alias)
        let clock = clock
        try await change { db in
            if let version {
                let id = VersionID(model: model, number: version)
                guard try VersionRows.exists(db, id) else {
                    throw RegistryError.noSuchVersion(id, known: try VersionRows.numbers(db, of: model))
                }
            } else {
                let known = try AliasRows.all(db, of: model).map(\.alias)
                guard known.contains(alias) else { throw RegistryError.noSuchAlias(alias, of: model, known: known) }
            }
            try AliasRows.move(db, alias, of: model, to: version, now: clock())
        }
    }

    package func aliases(of model: String) async throws -> [AliasRecord] {
        try await read { try AliasRows.all($0, of: model) }
    }

    package func aliasHistory(of model: String) async throws -> [AliasEvent] {
        try await read { try AliasRows.history($0, of: model) }
    }

    package func referencedBlobs() async throws -> Set<Digest> {
        try await read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT DISTINCT digest FROM version_files")
            return Set(try rows.map { try $0.digest("digest") })
        }
    }
}
