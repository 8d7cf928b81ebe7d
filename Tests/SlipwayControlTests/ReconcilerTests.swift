// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Reconciler", .timeLimit(.minutes(2)))
struct ReconcilerTests {
    private struct Setup {
        let home: TestHome
        let service: InferenceService
        let reconciler: Reconciler
        let warnings = Collected<String>()

        init(script: ScriptedEngine.Script = ScriptedEngine.Script()) throws {
            home = try TestHome(script: script)
            service = InferenceService(
                context: ServingContext(
                    engines: [home.engine], source: RegistryModelSource(store: home.store, artifacts: home.artifacts),
                    configuration: ServingConfiguration(), cores: CoreGate(cores: 2),
                    memory: ModelMemory(budget: nil, available: { nil })))
            let warnings = warnings
            reconciler = Reconciler(
                store: home.store, service: service,
                replica: ReplicaIdentity(
                    id: "r1", host: "h", processID: 7, startedAt: Timestamp(milliseconds: 1)),
                addresses: { ["http": "127.0.0.1:1"] }, clock: home.clock.reading, warn: { warnings.add($0) })
        }

        func until(_ condition: () -> Bool) async { await eventually(condition) }

        func status(_ endpoint: String) -> EndpointStatus? {
            service.statuses().first { $0.endpoint == endpoint }
        }
    }

    @Test("makes the data plane serve what the registry wants, and only that")
    func follows() async throws {
        let setup = try Setup()
        let control = setup.home.control
        try await setup.home.importIdentity()
        try await setup.home.importIdentity(symbol: "k")
        try await setup.reconciler.reconcile()
        #expect(setup.service.statuses() == [])
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "a")
        _ = try await control.deploy(DeployRequest(reference: "m:1", instances: 2), to: "b")
        try await setup.reconciler.reconcile()
        await setup.until { setup.status("a")?.serving != nil && setup.status("b")?.serving != nil }
        #expect(setup.status("a")?.revision == 1)
        #expect(setup.status("b")?.lanes == 2)
        _ = try await control.deploy(DeployRequest(reference: "m:2"), to: "a")
        _ = try await control.undeploy("b")
        try await setup.reconciler.reconcile()
        await setup.until { setup.status("a")?.serving?.number == 2 }
        #expect(setup.status("b")?.serving == nil)
        // The new version of 'a', and the one before it, which waits for a rollback.
        await setup.until { setup.home.engine.tally.counts.alive == 2 }
        try await setup.reconciler.reconcile()
        #expect(setup.service.statuses().map(\.endpoint) == ["a"])
    }

    @Test("reports what the replica observes")
    func reports() async throws {
        let setup = try Setup()
        try await setup.home.importIdentity()
        _ = try await setup.home.control.deploy(DeployRequest(reference: "m:1"), to: "a")
        try await setup.reconciler.reconcile()
        await setup.until { setup.status("a")?.serving != nil }
        try await setup.reconciler.report()
        let replica = try #require(try await setup.home.store.replicas().first)
        #expect(replica.id == "r1")
        #expect(replica.addresses == ["http": "127.0.0.1:1"])
        #expect(replica.reportedAt == setup.home.clock.now)
        let endpoint = try #require(replica.endpoints.first)
        #expect(replica.endpoints.count == 1 && endpoint.endpoint == "a" && endpoint.revision == 1)
        #expect(endpoint.state == "ready" && endpoint.message == nil && endpoint.notes.isEmpty)
        let version = try #require(endpoint.versions.first)
        #expect(endpoint.versions.count == 1 && version.version == VersionID(model: "m", number: 1))
        #expect(version.state == "ready" && version.route == "primary" && version.lanes == 1)
    }

    @Test("reports a version that cannot be loaded, with the reason")
    func reportsFailure() async throws {
        let setup = try Setup()
        let version = try await setup.home.importIdentity().version
        try await setup.home.artifacts.remove(version.files[0].digest)
        _ = try await setup.home.control.deploy(DeployRequest(reference: "m:1"), to: "a")
        try await setup.reconciler.reconcile()
        await setup.until { setup.status("a")?.state == "failed" }
        try await setup.reconciler.report()
        let observed = try await setup.home.control.endpoint("a").replicas
        #expect(observed.map(\.state) == ["failed"])
        #expect(observed.first?.message?.contains(version.files[0].digest.hex) == true)
    }

    @Test("follows changes by itself until it is stopped, and tells of a registry that does not answer")
    func runs() async throws {
        let setup = try Setup()
        try await setup.home.importIdentity()
        try await setup.home.importIdentity(symbol: "k")
        _ = try await setup.home.control.deploy(DeployRequest(reference: "m:1"), to: "a")
        let running = Task { await setup.reconciler.run() }
        await setup.until { setup.status("a")?.serving?.number == 1 }
        _ = try await setup.home.control.deploy(DeployRequest(reference: "m:2"), to: "a")
        await setup.until { setup.status("a")?.serving?.number == 2 }
        await setup.home.store.close()
        setup.service.apply([])
        await setup.until { !setup.warnings.values.isEmpty }
        #expect(setup.warnings.values.first?.contains("registry") == true)
        running.cancel()
        await running.value
    }
}
