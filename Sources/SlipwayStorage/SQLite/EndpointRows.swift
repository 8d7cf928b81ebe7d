// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry

/// The rows of endpoint revisions, inside a transaction of the caller.
enum EndpointRows {
    static func current(_ db: Database) throws -> [EndpointRevision] {
        // SQLite takes the other columns from the row that holds the maximum.
        try Row.fetchAll(
            db,
            sql: """
                SELECT endpoint, MAX(number) AS number, spec, created_at, reason
                FROM endpoint_revisions GROUP BY endpoint ORDER BY endpoint
                """
        ).map(revision)
    }

    static func all(_ db: Database, of endpoint: String) throws -> [EndpointRevision] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM endpoint_revisions WHERE endpoint = ? ORDER BY number", arguments: [endpoint]
        ).map(revision)
    }

    static func last(_ db: Database, of endpoint: String) throws -> EndpointRevision? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM endpoint_revisions WHERE endpoint = ? ORDER BY number DESC LIMIT 1",
            arguments: [endpoint]
        ).map(revision)
    }

    static func insert(_ db: Database, _ revision: EndpointRevision) throws {
        try db.execute(
            sql: "INSERT INTO endpoint_revisions (endpoint, number, spec, created_at, reason) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                revision.endpoint, revision.number, try revision.spec.map { try StoredJSON.encode($0) },
                revision.createdAt.milliseconds, revision.reason,
            ])
    }

    private static func revision(_ row: Row) throws -> EndpointRevision {
        let spec: String? = try row.optional("spec")
        return EndpointRevision(
            endpoint: try row.value("endpoint"), number: try row.value("number"),
            spec: try spec.map { try StoredJSON.decode($0) }, createdAt: try row.timestamp("created_at"),
            reason: try row.value("reason"))
    }
}
