// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Testing

@Suite("Two stores on one registry")
struct SharedHomeTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/registry.db" }

    init() throws { folder = try TemporaryFolder() }

    @Test("may be made at the same time by many")
    func openedTogether() async throws {
        let path = path
        let stores = try await withThrowingTaskGroup(of: SQLiteMetadataStore.self) { group in
            for _ in 0..<6 { group.addTask { try await SQLiteMetadataStore.open(path: path) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (index, store) in stores.enumerated() {
            let record = try await store.register(SampleRows.draft("m", content: "\(index)"), alias: nil)
            #expect(record.id.number == index + 1)
        }
        for store in stores { #expect(try await store.versions(of: "m").count == 6) }
        for store in stores { await store.close() }
    }

    @Test("number the versions that both register without a gap")
    func concurrentImports() async throws {
        let stores = [try await SQLiteMetadataStore.open(path: path), try await SQLiteMetadataStore.open(path: path)]
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let draft = SampleRows.draft("m", content: "content \(index)")
                    return try await stores[index % 2].register(draft, alias: "latest").id.number
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.sorted() == Array(1...40))
        #expect(try await stores[0].versions(of: "m") == stores[1].versions(of: "m"))
        #expect(try await stores[0].aliasHistory(of: "m").count == 40)
        #expect(try await stores[1].integrityProblems() == [])
    }

    @Test("hear of each other's changes")
    func changesOfOthers() async throws {
        let (mine, other) = (
            try await SQLiteMetadataStore.open(path: path), try await SQLiteMetadataStore.open(path: path)
        )
        var changes = mine.changes().makeAsyncIterator()
        for content in ["1", "2"] {
            _ = try await other.register(SampleRows.draft("m", content: content), alias: nil)
            #expect(await changes.next() != nil)
        }
        #expect(try await mine.versions(of: "m").count == 2)
    }

    @Test("tell the first listener what changed before it listened")
    func changeBeforeListening() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        _ = try await store.register(SampleRows.draft("m"), alias: nil)
        var changes = store.changes().makeAsyncIterator()
        #expect(await changes.next() != nil)
    }

    @Test("do not hear of replicas' reports")
    func reportsAreQuiet() async throws {
        let store = try await SQLiteMetadataStore.open(path: path)
        var before = try await counter()
        try await store.report(SampleRows.replica("a"))
        try await store.addKey(SampleRows.key("k"))
        #expect(try await counter() == before)
        _ = try await store.register(SampleRows.draft("m"), alias: "champion")
        let after = try await counter()
        #expect(after > before)
        before = after
        try await store.removeReplica("a")
        #expect(try await counter() == before)
    }

    private func counter() async throws -> Int {
        let queue = try DatabaseQueue(path: path)
        let value = try await queue.read { try Int.fetchOne($0, sql: "SELECT value FROM change_counter") }
        return try #require(value)
    }
}
