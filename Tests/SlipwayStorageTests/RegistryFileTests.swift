// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Glibc
import SlipwayCore
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Testing

@Suite("The registry's file")
struct RegistryFileTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/registry.db" }

    init() throws { folder = try TemporaryFolder() }

    private func failure(_ body: () async throws -> Void) async -> RegistryError.Code? {
        await #expect(throws: RegistryError.self) { try await body() }?.code
    }

    private func refusal() async -> RegistryError.Code? {
        await failure { _ = try await SQLiteMetadataStore.open(path: path, busyTimeout: .milliseconds(50)) }
    }

    /// A registry with enough rows for several pages, closed.
    private func makeRegistry() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        for index in 0..<30 {
            _ = try await store.register(SampleRows.draft("model \(index)"), alias: "champion")
        }
        await store.close()
    }

    @Test("keeps what was written when it is opened again")
    func reopened() async throws {
        try await makeRegistry()
        let store = try await SQLiteMetadataStore.open(path: path)
        #expect(try await store.models().count == 30)
    }

    @Test("is made for its owner only, in a log and with foreign keys")
    func settings() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let queue = try DatabaseQueue(path: path)
        let mode = try await queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
        await store.close()
    }

    @Test(
        "refuses to change a version, an alias's history or a revision",
        arguments: [
            "UPDATE versions SET engine = 'other'", "UPDATE version_files SET path = 'other'",
            "UPDATE alias_events SET at = 0", "DELETE FROM alias_events",
            "UPDATE endpoint_revisions SET reason = 'other'", "DELETE FROM endpoint_revisions",
            "DELETE FROM versions",
        ])
    func immutable(statement: String) async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let record = try await store.register(SampleRows.draft("m"), alias: "champion")
        _ = try await store.appendRevision(
            of: "e", spec: EndpointSpec(primary: record.id), reason: "deploy", expected: nil)
        let queue = try DatabaseQueue(path: path)
        let error = await #expect(throws: DatabaseError.self) {
            try await queue.write { try $0.execute(sql: statement) }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    }

    @Test("reads the specs and reports that earlier releases wrote")
    func earlierRows() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let record = try await store.register(SampleRows.draft("m"), alias: nil)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            for (number, spec) in [
                (1, #"{"device":"cpu","primary":{"model":"m","number":1}}"#),
                (2, #"{"device":"cuda","engine":"e","instances":2,"primary":{"model":"m","number":1}}"#),
            ] {
                try db.execute(
                    sql: "INSERT INTO endpoint_revisions (endpoint, number, spec, created_at, reason) "
                        + "VALUES ('e', ?, ?, 5, 'deploy')", arguments: [number, spec])
            }
            let report = #"""
                {"id":"r","host":"h","processID":1,"startedAt":"1970-01-01T00:00:01.000Z",
                "reportedAt":"1970-01-01T00:00:02.000Z","addresses":{},"endpoints":[{"endpoint":"e","revision":1,
                "version":{"model":"m","number":1},"state":"ready"}]}
                """#
            try db.execute(
                sql: "INSERT INTO replicas (id, started_at, report) VALUES ('r', 1000, ?)", arguments: [report])
        }
        #expect(
            try await store.revisions(of: "e").map(\.spec) == [
                EndpointSpec(primary: record.id),
                EndpointSpec(primary: record.id, engine: "e", device: "cuda", instances: 2),
            ])
        let replica = try #require(try await store.replicas().first)
        #expect(replica.cores == nil)
        #expect(
            replica.endpoints == [
                ObservedEndpoint(endpoint: "e", revision: 1, version: record.id, state: "ready", message: nil)
            ])
        let made = try await store.appendRevision(
            of: "e", spec: SampleRows.spec(primary: record.id, other: record.id), reason: "apply", expected: 2)
        #expect(made.number == 3)
        await store.close()
    }

    @Test("is refused where a damaged row holds the last number there is, without a trap")
    func lastNumber() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let record = try await store.register(SampleRows.draft("m"), alias: nil)
        let spec = EndpointSpec(primary: record.id)
        let text = String(decoding: try JSONEncoder().encode(spec), as: UTF8.self)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(
                sql: "INSERT INTO endpoint_revisions (endpoint, number, spec, created_at, reason) "
                    + "VALUES ('e', ?, ?, ?, 'apply')", arguments: [Int.max, text, Int64.max])
            try db.execute(sql: "UPDATE models SET next_number = ?", arguments: [Int.max])
        }
        #expect(try await store.currentRevisions().map(\.number) == [.max])
        let code = await failure {
            _ = try await store.appendRevision(of: "e", spec: spec, reason: "deploy", expected: nil)
        }
        #expect(code == .corrupt)
        _ = try? await store.register(SampleRows.draft("m", content: "2"), alias: nil)
        _ = try? await store.register(SampleRows.draft("m", content: "3"), alias: nil)
        await store.close()
    }

    @Test("tells versions in any role that are not registered")
    func missingVersions() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let record = try await store.register(SampleRows.draft("m"), alias: nil)
        _ = try await store.appendRevision(
            of: "e", spec: EndpointSpec(primary: record.id), reason: "deploy", expected: nil)
        var spec = EndpointSpec(primary: record.id)
        spec.canaries = [Canary(version: VersionID(model: "m", number: 8), share: .none)]
        spec.shadows = [Shadow(version: VersionID(model: "m", number: 9))]
        let text = String(decoding: try JSONEncoder().encode(spec), as: UTF8.self)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(
                sql: "INSERT INTO endpoint_revisions (endpoint, number, spec, created_at, reason) "
                    + "VALUES ('e', 2, ?, 5, 'apply')", arguments: [text])
        }
        #expect(
            try await store.integrityProblems() == [
                "endpoint 'e' needs m:8, which is not registered", "endpoint 'e' needs m:9, which is not registered",
            ])
        await store.close()
    }

    @Test(
        "is refused as corrupt when it is no database",
        arguments: [
            [], Array("this is not a database, and it never was one, however long it may be".utf8),
            [UInt8](repeating: 0, count: 8192),
        ] as [[UInt8]])
    func noDatabase(bytes: [UInt8]) async throws {
        _ = try folder.file("registry.db", bytes)
        #expect(await refusal() == .corrupt)
    }

    @Test("is found damaged when its pages are overwritten")
    func damagedPages() async throws {
        try await makeRegistry()
        let descriptor = open(path, O_RDWR)
        try #require(descriptor >= 0)
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        // The first page holds the schema; all others are lost.
        let garbage = [UInt8](repeating: 0xA5, count: Int(status.st_size) - 4096)
        #expect(pwrite(descriptor, garbage, garbage.count, 4096) == garbage.count)
        close(descriptor)
        do {
            let store = try await SQLiteMetadataStore.open(path: path)
            #expect(try await !store.integrityProblems().isEmpty)
            #expect(await failure { _ = try await store.versions(of: "model 1") } == .corrupt)
        } catch let error as RegistryError {
            #expect(error.code == .corrupt)
            #expect(error.message.contains("slipway backup"))
        }
    }

    @Test("names the row that breaks a rule")
    func brokenRow() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        _ = try await store.register(SampleRows.draft("m"), alias: nil)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(sql: "DROP TRIGGER version_files_never_change; UPDATE version_files SET byte_count = 99")
        }
        let problems = try await store.integrityProblems()
        #expect(problems.count == 1 && problems[0].contains("m:1"))
    }

    @Test(
        "is refused when a row cannot be read, without a trap",
        arguments: [
            "signature = 'nonsense'", "signature = '{}'", "digest = 'short'", "format = 'floppy'",
        ])
    func unreadableRow(assignment: String) async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        _ = try await store.register(SampleRows.draft("m"), alias: nil)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(sql: "DROP TRIGGER versions_never_change; UPDATE versions SET \(assignment)")
        }
        #expect(await failure { _ = try await store.versions(of: "m") } == .corrupt)
        #expect(try await store.integrityProblems().count == 1)
    }

    @Test("is refused when a newer Slipway wrote it")
    func newerSchema() async throws {
        try await makeRegistry()
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999_Future')") }
        try queue.close()
        #expect(await refusal() == .storeTooNew)
    }

    @Test("is unavailable while another process writes for long")
    func locked() async throws {
        let store = try await SQLiteMetadataStore.open(path: path, busyTimeout: .milliseconds(50))
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: RegistryError.self) {
            _ = try await store.register(SampleRows.draft("m"), alias: nil)
        }
        #expect(error?.code == .storeUnavailable)
        #expect(error?.category == .unavailable)
        #expect(try await store.models().isEmpty)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        _ = try await store.register(SampleRows.draft("m"), alias: nil)
    }

    @Test("is full when the database cannot grow")
    func full() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let queue = try DatabaseQueue(path: path)
        let error = try await #require(throws: DatabaseError.self) {
            try await queue.writeWithoutTransaction { db in
                // SQLite never goes below the pages there are: the next one is one too many.
                try db.execute(sql: "PRAGMA max_page_count = 1")
                let name = String(repeating: "m", count: 50_000)
                try db.execute(sql: "INSERT INTO models VALUES (?, 1)", arguments: [name])
            }
        }
        let mapped = RegistryError.mapped(error, path: path) as? RegistryError
        #expect(mapped?.code == .storeFull)
        #expect(try await store.models().isEmpty)
        #expect(try await store.integrityProblems() == [])
    }

    @Test("has gone through every migration when it is made from nothing")
    func migrations() async throws {
        try await makeRegistry()
        let queue = try DatabaseQueue(path: path)
        let applied = try await queue.read { db in
            try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        }
        #expect(applied == ["0001_CreateRegistry"])
        #expect(try PosixFolder.names(in: folder.path).allSatisfy { !$0.contains(".new") })
    }

    @Test("is unavailable where no file can be made")
    func unwritableFolder() async throws {
        _ = try folder.file("registry.db.lock", [])
        let code = await failure { _ = try await SQLiteMetadataStore.open(path: path + ".lock/registry.db") }
        #expect(code == .conflict)
    }

    @Test("is backed up into one whole file that can be opened")
    func backup() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        let record = try await store.register(SampleRows.draft("m"), alias: "champion")
        let copyPath = folder.path + "/copy.db"
        try await store.backUp(to: copyPath)
        _ = try await store.register(SampleRows.draft("m", content: "later"), alias: nil)
        #expect(try PosixFolder.names(in: folder.path).filter { $0.hasPrefix("copy") } == ["copy.db"])
        let copy = try await SQLiteMetadataStore.open(path: copyPath)
        #expect(try await copy.versions(of: "m") == [record])
        #expect(try await copy.integrityProblems() == [])
    }
}
