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

    private func deploy(endpoint: String, spec: EndpointSpec) async throws {
        _ = try await registry.store.appendRevision(of: endpoint, spec: spec, reason: "deploy", expected: nil)
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
        try await deploy(endpoint: "e", spec: spec(1))
        clock.advance(milliseconds: 100)
        try await deploy(endpoint: "e", spec: spec(2))
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
        for number in [1, 2, 2] { try await deploy(endpoint: "e", spec: spec(number)) }
        let made = try await registry.rollback(endpoint: "e")
        #expect(made.number == 4 && made.spec == spec(1) && made.reason == "rollback to 1")
        #expect(try await registry.rollback(endpoint: "e").spec == spec(2))
    }

    @Test("rolls an undeployed endpoint back to what it served last")
    func rollbackAfterUndeploy() async throws {
        try await register("1", "2")
        for number in [1, 2] { try await deploy(endpoint: "e", spec: spec(number)) }
        try await registry.undeploy(endpoint: "e")
        #expect(try await registry.rollback(endpoint: "e").spec == spec(2))
    }

    @Test("rolls back to a revision that is named")
    func rollbackToNumber() async throws {
        try await register("1", "2", "3")
        for number in [1, 2, 3] { try await deploy(endpoint: "e", spec: spec(number)) }
        #expect(try await registry.rollback(endpoint: "e", to: 1).spec == spec(1))
        #expect(try await registry.rollback(endpoint: "e", to: 2).reason == "rollback to 2")
    }

    private func canarySpec(_ number: Int, rollout: Bool) throws -> EndpointSpec {
        var spec = spec(1)
        let share = try #require(Share(percent: 10))
        spec.canaries = [Canary(version: VersionID(model: "fraud", number: number), share: share)]
        if rollout { spec.rollout = Rollout(steps: [Rollout.Step(share: share, holdSeconds: 60)]) }
        return spec
    }

    @Test("passes over the steps of a rollout, which would only start again, unless one is named")
    func rollbackOverRollout() async throws {
        try await register("1", "2")
        try await deploy(endpoint: "e", spec: spec(1))
        let step = try canarySpec(2, rollout: true)
        try await deploy(endpoint: "e", spec: step)
        #expect(try await registry.rollback(endpoint: "e").spec == spec(1))
        try await deploy(endpoint: "e", spec: step)
        try await deploy(endpoint: "e", spec: spec(2))
        let back = try await registry.rollback(endpoint: "e")
        #expect(back.spec == spec(1) && back.reason == "rollback to 3")
    }

    @Test("goes back to a named step of a rollout with the shares held: nothing grows by itself")
    func rollbackToStep() async throws {
        try await register("1", "2")
        let step = try canarySpec(2, rollout: true)
        try await deploy(endpoint: "e", spec: step)
        try await deploy(endpoint: "e", spec: spec(2))
        let held = try canarySpec(2, rollout: false)
        let back = try await registry.rollback(endpoint: "e", to: 1)
        #expect(back.spec == held && back.reason == "rollback to 1")
        // The step in force itself: it is held from now on.
        try await deploy(endpoint: "e", spec: step)
        #expect(try await registry.rollback(endpoint: "e", to: 4).spec == held)
    }

    @Test("goes back to the primary that came with a rollout, alone")
    func rollbackOfFirstRollout() async throws {
        try await register("1", "2", "3")
        let step = try canarySpec(2, rollout: true)
        // A rollout is the first thing there was, and has finished.
        for spec in [step, step, spec(2)] { try await deploy(endpoint: "first", spec: spec) }
        let back = try await registry.rollback(endpoint: "first")
        #expect(back.spec == spec(1) && back.reason == "rollback to 2")
        #expect(try await registry.rollback(endpoint: "first").spec == spec(2))
        // There was another primary before.
        for spec in [spec(3), step, spec(2)] { try await deploy(endpoint: "later", spec: spec) }
        #expect(try await registry.rollback(endpoint: "later").spec == spec(1))
        // It was undeployed on the way.
        try await deploy(endpoint: "gone", spec: step)
        try await registry.undeploy(endpoint: "gone")
        #expect(try await registry.rollback(endpoint: "gone").spec == spec(1))
    }

    @Test("ends a rollout that is under way and that nothing came before", arguments: [1, 2])
    func rollbackWithinFirstRollout(steps: Int) async throws {
        try await register("1", "2")
        for _ in 0..<steps { try await deploy(endpoint: "e", spec: try canarySpec(2, rollout: true)) }
        #expect(try await registry.rollback(endpoint: "e").spec == spec(1))
        let error = try await failure { try await registry.rollback(endpoint: "e") }
        #expect(error.code == .notFound && error.message.contains("no earlier revision"))
    }

    @Test("one change after the other goes through when many change an endpoint at once")
    func concurrentChanges() async throws {
        try await register("1", "2")
        try await deploy(endpoint: "e", spec: spec(1))
        try await deploy(endpoint: "e", spec: spec(2))
        let registry = registry
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do throws(any Error) {
                        if index % 2 == 0 {
                            try await registry.rollback(endpoint: "e")
                        } else {
                            try await registry.undeploy(endpoint: "e")
                        }
                        return true
                    } catch let error as RegistryError where error.code == .notFound && index % 2 == 1 {
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made >= 100)
        #expect(try await registry.store.revisions(of: "e").map(\.number) == Array(1...(made + 2)))
    }

    @Test("a change is tried again after a conflict, and after nothing else")
    func retry() async throws {
        var attempts = 0
        let result = try await RevisionRetry.run {
            attempts += 1
            if attempts < 4 { throw RegistryError.revisionConflict("e", expected: 1, current: 2) }
            return attempts
        }
        #expect(result == 4)
        let other = try await failure {
            try await RevisionRetry.run {
                attempts += 1
                throw RegistryError(.storeFull, "no room")
            }
        }
        #expect(other.code == .storeFull && attempts == 5)
        let endless = try await failure {
            try await RevisionRetry.run {
                attempts += 1
                throw RegistryError.revisionConflict("e", expected: 1, current: 2)
            }
        }
        #expect(endless.code == .conflict && attempts == 1005)
    }

    @Test("rolls back from and to a canary, and out of an undeployment to any revision")
    func rollbackOfRoutes() async throws {
        try await register("1", "2")
        try await deploy(endpoint: "e", spec: spec(1))
        let canary = try canarySpec(2, rollout: false)
        try await deploy(endpoint: "e", spec: canary)
        #expect(try await registry.rollback(endpoint: "e").spec == spec(1))
        #expect(try await registry.rollback(endpoint: "e").spec == canary)
        for number in 1...2 {
            try await registry.undeploy(endpoint: "e")
            #expect(try await registry.rollback(endpoint: "e", to: number).spec == (number == 1 ? spec(1) : canary))
        }
    }

    @Test("does not roll back to a revision of which any version is gone")
    func rollbackToDeletedCanary() async throws {
        try await register("1", "2")
        try await deploy(endpoint: "e", spec: try canarySpec(2, rollout: false))
        try await deploy(endpoint: "e", spec: spec(1))
        try await registry.store.delete(VersionID(model: "fraud", number: 2))
        for number in [nil, 1] {
            let error = try await failure { try await registry.rollback(endpoint: "e", to: number) }
            #expect(error.code == .notFound && error.message.contains("fraud:2"))
        }
    }

    @Test("says why it cannot roll back")
    func rollbackRefused() async throws {
        try await register("1", "2")
        #expect(try await failure { try await registry.rollback(endpoint: "e") }.code == .notFound)
        try await deploy(endpoint: "e", spec: spec(1))
        #expect(try await failure { try await registry.rollback(endpoint: "e") }.code == .notFound)
        for number in [7, 0, -1, .max, .min] {
            #expect(try await failure { try await registry.rollback(endpoint: "e", to: number) }.code == .notFound)
        }
        try await registry.undeploy(endpoint: "e")
        #expect(try await failure { try await registry.rollback(endpoint: "e", to: 2) }.code == .invalid)
        try await deploy(endpoint: "e", spec: spec(2))
        try await registry.store.delete(VersionID(model: "fraud", number: 1))
        let error = try await failure { try await registry.rollback(endpoint: "e") }
        #expect(error.code == .notFound && error.message.contains("fraud:1"))
    }

    @Test("undeploys once")
    func undeployTwice() async throws {
        try await register("1")
        #expect(try await failure { try await registry.undeploy(endpoint: "e") }.code == .notFound)
        try await deploy(endpoint: "e", spec: spec(1))
        try await registry.undeploy(endpoint: "e")
        #expect(try await failure { try await registry.undeploy(endpoint: "e") }.code == .notFound)
    }
}
