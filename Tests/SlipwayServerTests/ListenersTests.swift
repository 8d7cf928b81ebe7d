// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import SlipwaySecurity
import SlipwayServer
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Listeners")
struct ListenersTests {
    private let store = InMemoryMetadataStore()

    private func hosts(_ change: (inout ServerConfiguration) -> Void = { _ in }) -> ServerHosts {
        var configuration = ServerConfiguration()
        change(&configuration)
        let clock = ManualWallClock()
        let control = HomeControl(
            store: store, artifacts: InMemoryArtifactStore(scratch: "/nowhere"), engines: [], clock: clock.reading)
        return ServerHosts(
            service: ServingRig().service, metrics: MetricsRegistry(), admin: control, keys: store,
            configuration: configuration, log: LogSettings { _ in }, logger: Logger(label: "test"))
    }

    private func inference(_ hosts: ServerHosts) -> HTTPHost {
        hosts.inference(clock: { Timestamp(milliseconds: 0) }, onListening: { _ in })
    }

    private func administration(_ hosts: ServerHosts) async throws -> HTTPHost {
        try await hosts.administration(clock: { Timestamp(milliseconds: 0) }, onListening: { _ in })
    }

    @Test("no listener has two routes for the same method and path")
    func unique() async throws {
        let hosts = hosts()
        for host in [inference(hosts), try await administration(hosts)] {
            let keys = host.table.routes.map { "\($0.method) \($0.pattern.template)" }
            #expect(Set(keys).count == keys.count)
            #expect(keys.contains("GET /openapi.json"))
        }
    }

    @Test("every call of the admin API has its route, with the role it asks for, and no other has")
    func adminRoutes() async throws {
        let routes = try await administration(hosts()).table.routes.filter { $0.pattern.template.hasPrefix("/api/") }
        let served = routes.map { "\($0.method) \($0.pattern.template) \($0.role?.rawValue ?? "-")" }
        let wanted = AdminRoutes.all.map { "\($0.method.rawValue) \($0.template) \($0.access.rawValue)" }
        #expect(served.sorted() == wanted.sorted())
    }

    @Test("every type that a route names has a schema")
    func schemas() async throws {
        let hosts = hosts()
        for host in [inference(hosts), try await administration(hosts)] {
            for route in host.table.routes {
                for name in route.documentation.request.typeNames + route.documentation.reply.typeNames {
                    #expect(SchemaCatalogue.knows(name), "\(route.pattern.template): \(name)")
                }
            }
        }
    }

    @Test("inference asks for no key, feedback for one once there is one")
    func inferenceRoles() async throws {
        let host = inference(hosts())
        let guarded = host.table.routes.filter { $0.role != nil }
        #expect(guarded.map(\.pattern.template) == [AdminRoutes.feedback.template])
        #expect(guarded.map(\.role) == [.viewer])
        try await host.gate.check(.viewer, authorization: nil)
        try await store.addKey(SampleRows.key("k"))
        await #expect(throws: SecurityError.self) { try await host.gate.check(.viewer, authorization: nil) }
    }

    @Test("an admin address that others can reach needs a key first")
    func reachable() async throws {
        let hosts = hosts { $0.admin = ListenAddress(host: "0.0.0.0", port: 0) }
        let error = await #expect(throws: ServerError.self) { try await administration(hosts) }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("slipway token create") == true)
        try await store.addKey(SampleRows.key("k"))
        _ = try await administration(hosts)
    }
}
