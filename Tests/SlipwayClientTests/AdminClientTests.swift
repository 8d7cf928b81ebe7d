// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOHTTP1
import SlipwayClient
import SlipwayCore
import SlipwayWire
import Synchronization
import Testing

@Suite struct AdminClientTests {
    /// A call, the request it must make and the server's answer.
    struct Call: Sendable, CustomTestStringConvertible {
        let request: String
        let body: String
        let answer: String
        let make: @Sendable (AdminClient) async throws -> Bool
        var testDescription: String { request }

        init<A: Encodable & Equatable & Sendable>(
            _ request: String, body: String = "", _ answer: A,
            _ make: @escaping @Sendable (AdminClient) async throws -> A
        ) {
            self.request = request
            self.body = body
            self.answer = AdminFixtures.json(answer)
            self.make = { try await make($0) == answer }
        }
    }

    private static let fraud3 = ModelReference(name: "fraud", selector: .version(3))

    private static let applied = EndpointSpecRequest(
        spec: AdminFixtures.spec, expectedRevision: 2, allowSignatureChange: true)

    static let calls: [Call] =
        [
            Call("GET /api/v1/models", [AdminFixtures.model]) { try await $0.models() },
            Call("GET /api/v1/models/fraud", AdminFixtures.model) { try await $0.model("fraud") },
            Call("GET /api/v1/versions/fraud%3A3", AdminFixtures.version) { try await $0.version(fraud3) },
            Call("DELETE /api/v1/versions/fraud%3A3", AdminFixtures.version) { try await $0.deleteVersion(fraud3) },
            Call("GET /api/v1/models/fraud/history", AdminFixtures.history) { try await $0.history(of: "fraud") },
            Call("PUT /api/v1/models/fraud/aliases/champion", body: #"{"version":3}"#, AdminFixtures.aliases) {
                try await $0.setAlias("champion", of: "fraud", to: 3)
            },
            Call("DELETE /api/v1/models/fraud/aliases/champion", AdminFixtures.aliases) {
                try await $0.setAlias("champion", of: "fraud", to: nil)
            },
            Call("POST /api/v1/gc?keep=2", AdminFixtures.garbage) { try await $0.collectGarbage(keep: 2) },
            Call("POST /api/v1/gc", AdminFixtures.garbage) { try await $0.collectGarbage(keep: nil) },
            Call("GET /api/v1/endpoints", [AdminFixtures.endpoint]) { try await $0.endpoints() },
            Call("GET /api/v1/endpoints/fraud", AdminFixtures.endpoint) { try await $0.endpoint("fraud") },
            Call("PUT /api/v1/endpoints/fraud", body: #"{"reference":"fraud:3"}"#, AdminFixtures.endpoint) {
                try await $0.deploy(DeployRequest(reference: "fraud:3"), to: "fraud")
            },
            Call(
                "PUT /api/v1/endpoints/fraud/spec", body: AdminFixtures.json(applied), AdminFixtures.endpoint
            ) { try await $0.apply(applied, to: "fraud") },
            Call("POST /api/v1/endpoints/fraud/promote", body: #"{"reference":"fraud:3"}"#, AdminFixtures.endpoint) {
                try await $0.promote("fraud", version: fraud3)
            },
            Call("POST /api/v1/endpoints/fraud/promote", body: "{}", AdminFixtures.endpoint) {
                try await $0.promote("fraud", version: nil)
            },
            Call("POST /api/v1/endpoints/fraud/rollback", body: #"{"revision":1}"#, AdminFixtures.endpoint) {
                try await $0.rollback("fraud", to: 1)
            },
            Call("POST /api/v1/endpoints/fraud/rollback", body: "{}", AdminFixtures.endpoint) {
                try await $0.rollback("fraud", to: nil)
            },
            Call("DELETE /api/v1/endpoints/fraud", AdminFixtures.endpoint) { try await $0.undeploy("fraud") },
            Call("GET /api/v1/endpoints/fraud/revisions", [AdminFixtures.revision]) {
                try await $0.revisions(of: "fraud", at: nil)
            },
            Call("GET /api/v1/endpoints/fraud/revisions?at=1970-01-01T00%3A00%3A01.000Z", [AdminFixtures.revision]) {
                try await $0.revisions(of: "fraud", at: Timestamp(milliseconds: 1000))
            },
            Call("GET /api/v1/replicas", [AdminFixtures.replica]) { try await $0.replicas() },
            Call("GET /api/v1/operations/o1?wait=1", AdminFixtures.operation("succeeded")) {
                try await $0.wait(for: AdminFixtures.operation("running")) { _ in }
            },
            Call("GET /api/v1/tokens", [AdminFixtures.token]) { try await $0.tokens() },
            Call("POST /api/v1/tokens", body: #"{"label":"ci","role":"viewer"}"#, AdminFixtures.createdToken) {
                try await $0.createToken(TokenRequest(role: "viewer", label: "ci", days: nil))
            },
            Call("DELETE /api/v1/tokens/k1", true) {
                try await $0.revokeToken("k1")
                return true
            },
        ] + monitoringCalls

    @Test("each call makes its request and reads the answer", arguments: calls)
    func call(call: Call) async throws {
        try await StubServer.run(keeping: true, { _ in .json(call.answer) }) { server in
            let isEqual = try await call.make(AdminClient(server: server.address, token: "secret"))
            #expect(isEqual)
            let request = try #require(server.received.first)
            #expect("\(request.method) \(request.uri)" == call.request)
            #expect(Self.sorted(request.text) == Self.sorted(call.body))
            #expect(request.headers.first(name: "authorization") == "Bearer secret")
        }
    }

    @Test("every route of the contract is called by the client")
    func coverage() {
        let called = Self.calls.map { call in
            call.request.split(separator: "?")[0].replacing("/fraud%3A3", with: "/{reference}")
                .replacing("/models/fraud", with: "/models/{model}").replacing("/champion", with: "/{alias}")
                .replacing("/endpoints/fraud", with: "/endpoints/{endpoint}").replacing("/k1", with: "/{id}")
                .replacing("/o1", with: "/{id}").replacing("/s1.arrow", with: "/{segment}")
        }
        // Uploads, files and verifications have tests of their own; events are for programs that keep a connection
        // open; other programs send whole files, and take uploads back.
        let others = [
            "POST /api/v1/models/{model}/versions", "PUT /api/v1/versions/{reference}/profile", "GET /api/v1/events",
            "POST /api/v1/uploads", "GET /api/v1/uploads/{id}", "PUT /api/v1/uploads/{id}",
            "DELETE /api/v1/uploads/{id}", "POST /api/v1/models/{model}/imports",
            "POST /api/v1/versions/{reference}/verify", "GET /api/v1/versions/{reference}/files/{digest}",
        ]
        let routes = AdminRoutes.all.map { "\($0.method.rawValue) \($0.template)" }
        #expect(Set(called.map { String($0) } + others) == Set(routes))
    }

    /// JSON with its keys in order; empty text stays empty.
    private static func sorted(_ text: String) -> String {
        guard let value = try? JSONDecoder().decode(Field.self, from: Data(text.utf8)) else { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    private enum Field: Codable {
        case flag(Bool)
        case number(Double)
        case text(String)
        case list([Field])
        case members([String: Field])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let list = try? container.decode([Field].self) {
                self = .list(list)
            } else {
                self = .members(try container.decode([String: Field].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .flag(let flag): try container.encode(flag)
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            case .list(let list): try container.encode(list)
            case .members(let members): try container.encode(members)
            }
        }
    }
}
