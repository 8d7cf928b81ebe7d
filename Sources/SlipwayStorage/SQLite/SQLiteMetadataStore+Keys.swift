// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry
package import SlipwaySecurity

extension SQLiteMetadataStore {
    package func addKey(_ key: KeyRecord) async throws {
        try await write { db in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM keys WHERE id = ?", arguments: [key.id]) == nil else {
                throw RegistryError.keyExists(key.id)
            }
            try db.execute(
                sql: """
                    INSERT INTO keys (id, role, label, secret_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id, key.role.rawValue, key.label, key.secretHash.hex, key.createdAt.milliseconds,
                    key.expiresAt?.milliseconds,
                ])
        }
    }

    package func key(id: String) async throws -> KeyRecord? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id]).map(Self.key)
        }
    }

    package func keys() async throws -> [KeyRecord] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM keys ORDER BY created_at, id").map(Self.key)
        }
    }

    package func removeKey(id: String) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM keys WHERE id = ?", arguments: [id])
            guard db.changesCount > 0 else { throw RegistryError.noSuchKey(id) }
        }
    }

    private static func key(_ row: Row) throws -> KeyRecord {
        guard let role = Role(rawValue: try row.value("role")) else { throw Row.unreadable("role") }
        let expiry: Int64? = try row.optional("expires_at")
        return KeyRecord(
            id: try row.value("id"), role: role, label: try row.value("label"),
            secretHash: try row.digest("secret_hash"), createdAt: try row.timestamp("created_at"),
            expiresAt: expiry.map { Timestamp(milliseconds: $0) })
    }
}
