// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry

extension SQLiteMetadataStore {
    package func integrityProblems() async throws -> [String] {
        do {
            return try await read { db in
                var problems = try String.fetchAll(db, sql: "PRAGMA quick_check").filter { $0 != "ok" }
                    .map { "the database file is damaged: \($0)" }
                for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
                    let (child, parent): (String, String) = (try row.value("table"), try row.value("parent"))
                    problems.append("a row of '\(child)' names a row of '\(parent)' that is not there")
                }
                // Rows of a damaged file would only repeat the first finding.
                if problems.isEmpty { problems = try Self.rowProblems(db) }
                return problems
            }
        } catch let error as RegistryError where error.code == .corrupt {
            return [error.message]
        }
    }

    private static func rowProblems(_ db: Database) throws -> [String] {
        var problems: [String] = []
        for record in try VersionRows.everything(db) {
            do throws(RegistryError) {
                try record.draft.check(alias: nil)
            } catch {
                problems.append("version \(record.id): \(error.message)")
            }
        }
        for revision in try EndpointRows.current(db) {
            for id in revision.spec?.versions ?? [] where try !VersionRows.exists(db, id) {
                problems.append("endpoint '\(revision.endpoint)' needs \(id), which is not registered")
            }
        }
        return problems
    }
}
