// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Administration: models")
struct HomeControlModelTests {
    @Test("lists models by name, versions newest first, aliases with their versions")
    func list() async throws {
        let home = try TestHome()
        #expect(try await home.control.models() == [])
        try await home.importIdentity(as: "b")
        try await home.importIdentity(.int32, as: "b", alias: "live")
        try await home.importIdentity(as: "a")
        let models = try await home.control.models()
        #expect(models.map(\.name) == ["a", "b"])
        #expect(models.last?.versions.map(\.version) == [2, 1])
        #expect(models.last?.aliases == [AliasDTO(alias: "live", version: 2)])
        #expect(models.last?.versions.map(\.aliases) == [["live"], []])
        #expect(try await home.control.model("b") == models.last)
    }

    @Test("an unknown model is told with those there are")
    func unknownModel() async throws {
        let home = try TestHome()
        try await home.importIdentity(as: "there")
        for call in [{ _ = try await home.control.model("gone") }, { _ = try await home.control.history(of: "gone") }]
            as [() async throws -> Void]
        {
            let error = await #expect(throws: RegistryError.self) { try await call() }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("[there]") == true)
        }
    }

    @Test("finds a version by number, alias, digest and as the newest", arguments: ["m", "m:2", "m@live", "digest"])
    func version(reference: String) async throws {
        let home = try TestHome()
        try await home.importIdentity()
        let second = try await home.importIdentity(.int32, alias: "live").version
        let text = reference == "digest" ? "m@sha256:\(second.digest.hex.prefix(12))" : reference
        #expect(try await home.control.version(try ModelReference(parsing: text)) == second)
    }

    @Test("an unknown version, alias or digest is not found", arguments: ["m:3", "m@x", "m@sha256:000000", "x:1"])
    func unknownVersion(reference: String) async throws {
        let home = try TestHome()
        try await home.importIdentity()
        let error = await #expect(throws: RegistryError.self) {
            try await home.control.version(try ModelReference(parsing: reference))
        }
        #expect(error?.code == .notFound)
    }

    @Test("moves and removes aliases")
    func aliases() async throws {
        let home = try TestHome()
        try await home.importIdentity()
        try await home.importIdentity(.int32)
        #expect(try await home.control.setAlias("live", of: "m", to: 1) == [AliasDTO(alias: "live", version: 1)])
        #expect(try await home.control.setAlias("live", of: "m", to: 2) == [AliasDTO(alias: "live", version: 2)])
        await #expect(throws: RegistryError.self) { try await home.control.setAlias("live", of: "m", to: 3) }
        await #expect(throws: RegistryError.self) { try await home.control.setAlias("a/b", of: "m", to: 1) }
        #expect(try await home.control.setAlias("live", of: "m", to: nil) == [])
        await #expect(throws: RegistryError.self) { try await home.control.setAlias("live", of: "m", to: nil) }
    }

    @Test("deletes a version and its aliases, but none that an endpoint serves")
    func delete() async throws {
        let home = try TestHome()
        try await home.importIdentity(alias: "old")
        try await home.importIdentity(.int32)
        _ = try await home.control.deploy(DeployRequest(reference: "m:2"), to: "e")
        let error = await #expect(throws: RegistryError.self) {
            try await home.control.deleteVersion(try ModelReference(parsing: "m:2"))
        }
        #expect(error?.code == .inUse)
        #expect(error?.message.contains("[e]") == true)
        #expect(try await home.control.deleteVersion(try ModelReference(parsing: "m@old")).version == 1)
        let model = try await home.control.model("m")
        #expect(model.versions.map(\.version) == [2])
        #expect(model.aliases == [])
    }

    @Test("tells everything that happened to a model, oldest first")
    func history() async throws {
        let home = try TestHome()
        let control = home.control
        func later() { home.clock.advance(milliseconds: 1000) }
        let first = try await home.importIdentity(alias: "live").version
        later()
        let second = try await home.importIdentity(symbol: "k").version
        later()
        _ = try await control.setAlias("live", of: "m", to: 2)
        later()
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "e")
        later()
        _ = try await control.deploy(DeployRequest(reference: "m@live"), to: "e")
        later()
        try await home.importIdentity(as: "other", symbol: "l")
        _ = try await control.deploy(DeployRequest(reference: "other"), to: "e")
        later()
        _ = try await control.undeploy("e")
        let history = try await control.history(of: "m")
        #expect(history.model == "m")
        #expect(
            history.events.map(\.text) == [
                "m:1 from file.onnx \(first.digest)", "live: - -> 1", "m:2 from file.onnx \(second.digest)",
                "live: 1 -> 2", "e revision 1 (deploy): - -> m:1", "e revision 2 (deploy): m:1 -> m:2",
                "e revision 3 (deploy): m:2 -> other:1",
            ])
        #expect(history.events.map(\.at) == history.events.map(\.at).sorted())
    }
}

@Suite("Administration: endpoints")
struct HomeControlEndpointTests {
    private func home() async throws -> TestHome {
        let home = try TestHome()
        try await home.importIdentity()
        try await home.importIdentity(alias: "live", symbol: "k")
        return home
    }

    @Test("deploys what a reference names now, as a revision")
    func deploy() async throws {
        let home = try await home()
        let endpoint = try await home.control.deploy(
            DeployRequest(reference: "m@live", engine: "onnxruntime", device: "cpu", instances: 3), to: "e")
        #expect(endpoint.name == "e")
        #expect(endpoint.revision.number == 1)
        #expect(endpoint.revision.version == VersionID(model: "m", number: 2))
        #expect(endpoint.revision.instances == 3)
        #expect(endpoint.revision.reason == "deploy")
        _ = try await home.control.setAlias("live", of: "m", to: 1)
        #expect(try await home.control.endpoint("e").revision.version?.number == 2)
        #expect(try await home.control.endpoints().map(\.name) == ["e"])
    }

    @Test(
        "refuses what cannot be deployed, and makes no revision",
        arguments: [
            (DeployRequest(reference: "m", instances: 0), "e", ErrorCategory.invalidInput),
            (DeployRequest(reference: "m", instances: 1025), "e", .invalidInput),
            (DeployRequest(reference: "m:x"), "e", .invalidInput), (DeployRequest(reference: ""), "e", .invalidInput),
            (DeployRequest(reference: "m"), "a/b", .invalidInput), (DeployRequest(reference: "gone"), "e", .notFound),
            (DeployRequest(reference: "m:3"), "e", .notFound),
            (DeployRequest(reference: "m", engine: "other"), "e", .invalidInput),
            (DeployRequest(reference: "m", device: "cuda"), "e", .invalidInput),
        ])
    func refused(request: DeployRequest, endpoint: String, category: ErrorCategory) async throws {
        let home = try await home()
        do {
            _ = try await home.control.deploy(request, to: endpoint)
            Issue.record("deployed")
        } catch let error as any SlipwayError {
            #expect(error.category == category)
        }
        #expect(try await home.control.endpoints() == [])
    }

    @Test("without engines leaves it to the replicas to know engine and device")
    func noEngines() async throws {
        let home = try TestHome(hasEngine: false)
        try await home.importIdentity()
        let request = DeployRequest(reference: "m", engine: "other", device: "cuda")
        let endpoint = try await home.control.deploy(request, to: "e")
        #expect(endpoint.revision.engine == "other")
        #expect(endpoint.revision.device == "cuda")
    }

    @Test("goes back to the revision before, or to the one named")
    func rollback() async throws {
        let home = try await home()
        let control = home.control
        for reference in ["m:1", "m:2", "m:1"] {
            _ = try await control.deploy(DeployRequest(reference: reference), to: "e")
        }
        let back = try await control.rollback("e", to: nil)
        #expect(back.revision.number == 4)
        #expect(back.revision.version?.number == 2)
        #expect(back.revision.reason == "rollback to 2")
        #expect(try await control.rollback("e", to: 1).revision.version?.number == 1)
        for (endpoint, revision) in [("e", 99), ("e", 0), ("gone", nil)] as [(String, Int?)] {
            let error = await #expect(throws: RegistryError.self) {
                try await control.rollback(endpoint, to: revision)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("undeploys once; the history stays and the endpoint can come back")
    func undeploy() async throws {
        let home = try await home()
        let control = home.control
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "e")
        #expect(try await control.undeploy("e").revision.version == nil)
        #expect(try await control.endpoints() == [])
        #expect(try await control.endpoint("e").revision.number == 2)
        await #expect(throws: RegistryError.self) { try await control.undeploy("e") }
        await #expect(throws: RegistryError.self) { try await control.undeploy("gone") }
        #expect(try await control.revisions(of: "e", at: nil).map(\.reason) == ["deploy", "undeploy"])
        #expect(try await control.rollback("e", to: nil).revision.version?.number == 1)
    }

    @Test("tells which revision was in force at an instant")
    func revisionsAt() async throws {
        let home = try await home()
        let control = home.control
        let start = home.clock.now
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "e")
        home.clock.advance(milliseconds: 1000)
        _ = try await control.deploy(DeployRequest(reference: "m:2"), to: "e")
        func number(_ offset: Int64) async throws -> [Int] {
            try await control.revisions(of: "e", at: Timestamp(milliseconds: start.milliseconds + offset)).map(\.number)
        }
        #expect(try await number(-1) == [])
        #expect(try await number(0) == [1])
        #expect(try await number(999) == [1])
        #expect(try await number(1000) == [2])
        await #expect(throws: RegistryError.self) { try await control.revisions(of: "gone", at: nil) }
        await #expect(throws: RegistryError.self) { try await control.revisions(of: "gone", at: start) }
        await #expect(throws: RegistryError.self) { try await control.endpoint("gone") }
    }

    @Test("shows what live replicas observe, and which replicas are silent")
    func replicas() async throws {
        let home = try await home()
        let control = home.control
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "fraud")
        let now = home.clock.now.milliseconds
        try await home.store.report(SampleRows.replica("alive", reportedAt: now))
        try await home.store.report(
            SampleRows.replica("dead", startedAt: 2000, reportedAt: now - ReplicaRecord.lifetime - 1))
        #expect(try await control.replicas().map(\.id) == ["alive", "dead"])
        #expect(try await control.replicas().map(\.isAlive) == [true, false])
        let observed = try await control.endpoint("fraud").replicas
        #expect(observed.map(\.replica) == ["alive"])
        #expect(observed.first?.state == "failed")
        #expect(observed.first?.message == "no engine")
    }
}

@Suite("Administration: tokens")
struct HomeControlTokenTests {
    @Test("makes, lists and revokes tokens; the secret is told once", arguments: ["viewer", "operator", "admin"])
    func life(role: String) async throws {
        let home = try TestHome()
        let created = try await home.control.createToken(TokenRequest(role: role, label: "ci", days: 30))
        #expect(created.secret.hasPrefix("slw_\(created.token.id)_"))
        #expect(created.token.role == role)
        #expect(created.token.createdAt == home.clock.now)
        #expect(
            created.token.expiresAt?.milliseconds == home.clock.now.milliseconds + 30 * 24 * 60 * 60 * 1000)
        #expect(try await home.control.tokens() == [created.token])
        try await home.control.revokeToken(created.token.id)
        #expect(try await home.control.tokens() == [])
        await #expect(throws: RegistryError.self) { try await home.control.revokeToken(created.token.id) }
    }

    @Test(
        "refuses unknown roles and lifetimes out of range",
        arguments: [
            ("root", nil), ("", nil), ("Admin", nil), ("admin", 0), ("admin", -1), ("admin", 36_501),
            ("admin", Int.max),
        ] as [(String, Int?)])
    func refused(role: String, days: Int?) async throws {
        let home = try TestHome()
        let error = await #expect(throws: ControlError.self) {
            try await home.control.createToken(TokenRequest(role: role, label: "", days: days))
        }
        #expect(error?.code == .invalidRequest)
        #expect(try await home.control.tokens() == [])
    }
}
