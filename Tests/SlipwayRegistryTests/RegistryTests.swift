// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import Testing

@Suite("The registry")
struct RegistryTests {
    let clock = ManualWallClock()
    let registry: Registry

    init() {
        registry = Registry(store: InMemoryMetadataStore(clock: clock.reading))
    }

    @discardableResult
    private func register(_ contents: String..., model: String = "fraud") async throws -> [VersionRecord] {
        var records: [VersionRecord] = []
        for content in contents {
            records.append(try await registry.store.register(SampleRows.draft(model, content: content), alias: nil))
        }
        return records
    }

    private func resolve(_ text: String) async throws -> Int {
        try await registry.resolve(ModelReference(parsing: text)).id.number
    }

    private func spec(_ number: Int) -> EndpointSpec {
        EndpointSpec(primary: VersionID(model: "fraud", number: number))
    }

    private func failure(_ body: () async throws -> Void) async throws -> RegistryError {
        try #require(await #expect(throws: RegistryError.self) { try await body() })
    }

    @Test("resolves the newest, a number, an alias and the start of a digest")
    func resolving() async throws {
        let records = try await register("1", "2", "3")
        try await registry.store.setAlias("champion", of: "fraud", to: 2)
        #expect(try await resolve("fraud") == 3)
        #expect(try await resolve("fraud:1") == 1)
        #expect(try await resolve("fraud@champion") == 2)
        for length in [12, 64] {
            #expect(try await resolve("fraud@sha256:\(records[0].digest.hex.prefix(length))") == 1)
        }
    }

    @Test(
        "says what there is when a reference names nothing",
        arguments: [
            ("other", "fraud"), ("fraud:9", "1, 2"), ("fraud@best", "champion"), ("fraud@sha256:000000", "fraud:1"),
        ])
    func unknownReference(text: String, hint: String) async throws {
        try await register("1", "2")
        try await registry.store.setAlias("champion", of: "fraud", to: 2)
        let error = try await failure { _ = try await resolve(text) }
        #expect(error.code == .notFound)
        #expect(error.message.contains(hint))
    }

    @Test("refuses the start of a digest that fits several versions")
    func ambiguousPrefix() async throws {
        // A reference has six digits or more, which chance will not make equal: a selector made by hand may be short.
        let records = try await register(
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
            "15", "16", "17")
        let firsts = Dictionary(grouping: records) { $0.digest.hex.prefix(1) }
        let prefix = try #require(firsts.first { $0.value.count > 1 }?.key)
        let reference = ModelReference(name: "fraud", selector: .digest(prefix: String(prefix)))
        let error = try await failure { _ = try await registry.resolve(reference) }
        #expect(error.code == .conflict)
    }

    @Test("tells what was live at any instant")
    func liveAt() async throws {
        try await register("1", "2")
        let start = clock.now.milliseconds
        try await registry.deploy(endpoint: "e", spec: spec(1))
        clock.advance(milliseconds: 100)
        try await registry.deploy(endpoint: "e", spec: spec(2))
        clock.advance(milliseconds: 100)
        try await registry.undeploy(endpoint: "e")
        let live = { (offset: Int64) in
            try await registry.liveVersion(of: "e", at: Timestamp(milliseconds: start + offset))
        }
        #expect(try await live(-1) == nil)
        #expect(try await live(0)?.spec == spec(1))
        #expect(try await live(99)?.spec == spec(1))
        #expect(try await live(100)?.spec == spec(2))
        let last = try #require(try await live(1_000_000))
        #expect(last.spec == nil && last.number == 3 && last.reason == "undeploy")
        let error = try await failure { _ = try await registry.liveVersion(of: "f", at: clock.now) }
        #expect(error.code == .notFound)
    }

    @Test("rolls back to the latest earlier revision that differs")
    func rollback() async throws {
        try await register("1", "2")
        for number in [1, 2, 2] { try await registry.deploy(endpoint: "e", spec: spec(number)) }
        let made = try await registry.rollback(endpoint: "e")
        #expect(made.number == 4 && made.spec == spec(1) && made.reason == "rollback to 1")
        #expect(try await registry.rollback(endpoint: "e").spec == spec(2))
    }

    @Test("rolls an undeployed endpoint back to what it served last")
    func rollbackAfterUndeploy() async throws {
        try await register("1", "2")
        for number in [1, 2] { try await registry.deploy(endpoint: "e", spec: spec(number)) }
        try await registry.undeploy(endpoint: "e")
        #expect(try await registry.rollback(endpoint: "e").spec == spec(2))
    }

    @Test("rolls back to a revision that is named")
    func rollbackToNumber() async throws {
        try await register("1", "2", "3")
        for number in [1, 2, 3] { try await registry.deploy(endpoint: "e", spec: spec(number)) }
        #expect(try await registry.rollback(endpoint: "e", to: 1).spec == spec(1))
        #expect(try await registry.rollback(endpoint: "e", to: 2).reason == "rollback to 2")
    }

    @Test("says why it cannot roll back")
    func rollbackRefused() async throws {
        try await register("1", "2")
        #expect(try await failure { try await registry.rollback(endpoint: "e") }.code == .notFound)
        try await registry.deploy(endpoint: "e", spec: spec(1))
        #expect(try await failure { try await registry.rollback(endpoint: "e") }.code == .notFound)
        #expect(try await failure { try await registry.rollback(endpoint: "e", to: 7) }.code == .notFound)
        try await registry.undeploy(endpoint: "e")
        #expect(try await failure { try await registry.rollback(endpoint: "e", to: 2) }.code == .invalid)
        try await registry.deploy(endpoint: "e", spec: spec(2))
        try await registry.store.delete(VersionID(model: "fraud", number: 1))
        let error = try await failure { try await registry.rollback(endpoint: "e") }
        #expect(error.code == .notFound && error.message.contains("fraud:1"))
    }

    @Test("undeploys once")
    func undeployTwice() async throws {
        try await register("1")
        #expect(try await failure { try await registry.undeploy(endpoint: "e") }.code == .notFound)
        try await registry.deploy(endpoint: "e", spec: spec(1))
        try await registry.undeploy(endpoint: "e")
        #expect(try await failure { try await registry.undeploy(endpoint: "e") }.code == .notFound)
    }
}
