// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire
import Testing

@Suite struct AdminContractTests {
    @Test("no two routes share method and path")
    func uniqueRoutes() {
        let places = AdminRoutes.all.map { "\($0.method.rawValue) \($0.template)" }
        #expect(Set(places).count == places.count)
        #expect(AdminRoutes.all.allSatisfy { $0.template.hasPrefix("/api/v1/") })
    }

    @Test("whoever may only read cannot change anything")
    func access() {
        for route in AdminRoutes.all where route.method != .get {
            #expect(route.access != .viewer, "\(route.template)")
        }
    }

    @Test("parameters are encoded as one segment")
    func paths() {
        #expect(
            AdminRoutes.setAlias.path(["model": "a/b ü", "alias": "x"])
                == "/api/v1/models/a%2Fb%20%C3%BC/aliases/x")
        #expect(
            AdminRoutes.uploadVersion.path(["model": "m"], query: [("filename", "a&b=c.onnx"), ("alias", "x")])
                == "/api/v1/models/m/versions?filename=a%26b%3Dc.onnx&alias=x")
        #expect(AdminRoutes.version.path(["reference": "fraud:3"]) == "/api/v1/versions/fraud%3A3")
    }

    private func roundTrip<T: Codable & Equatable>(_ value: T) throws {
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(T.self, from: data) == value)
    }

    @Test("every DTO reads back as it was written")
    func roundTrips() throws {
        try roundTrip(AdminFixtures.model)
        try roundTrip(AdminFixtures.history)
        try roundTrip(AdminFixtures.garbage)
        try roundTrip(AdminFixtures.endpoint)
        try roundTrip(AdminFixtures.replica)
        try roundTrip(AdminFixtures.createdToken)
        try roundTrip(AliasRequest(version: 3))
        try roundTrip(DeployRequest(reference: "fraud:3", engine: "e", device: "cpu", instances: 2))
        for instances in [nil, .automatic, 3] as [InstanceCount?] {
            var deploy = DeployRequest(reference: "fraud:3", instances: instances)
            deploy.canary = .all
            deploy.shadow = Share.none
            deploy.sticky = .client
            deploy.rollout = AdminFixtures.spec.rollout?.steps
            deploy.maximumRows = 8
            deploy.allowSignatureChange = true
            try roundTrip(deploy)
        }
        try roundTrip(
            EndpointSpecRequest(spec: AdminFixtures.spec, expectedRevision: 3, allowSignatureChange: true))
        try roundTrip(PromoteRequest(reference: "fraud:4"))
        try roundTrip(PromoteRequest(reference: nil))
        try roundTrip(RollbackRequest(revision: 2))
        try roundTrip(RollbackRequest(revision: nil))
        try roundTrip(TokenRequest(role: "viewer", label: "x", days: 3))
        for state in ["running", "succeeded", "failed"] { try roundTrip(AdminFixtures.operation(state)) }
    }

    private func decode<T: Decodable>(_ text: String, as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test("bodies of earlier clients and reports of earlier servers are read")
    func earlier() throws {
        let deploy: DeployRequest = try decode(#"{"reference":"fraud:3","instances":2}"#)
        #expect(deploy == DeployRequest(reference: "fraud:3", instances: 2))
        let observed: ObservedDTO = try decode(
            #"{"replica":"r","revision":1,"version":{"model":"m","number":1},"state":"ready"}"#)
        #expect(observed.versions == [] && observed.notes == [])
        let revision: RevisionDTO = try decode(
            #"{"number":1,"version":{"model":"m","number":1},"createdAt":"2026-11-21T12:00:00.000Z","reason":"deploy"}"#
        )
        #expect(revision.spec == nil && revision.version?.number == 1)
        let request: EndpointSpecRequest = try decode(#"{"spec":{"primary":{"model":"m","number":1}}}"#)
        #expect(request == EndpointSpecRequest(spec: EndpointSpec(primary: VersionID(model: "m", number: 1))))
    }

    @Test(
        "a number of instances is a number or auto", arguments: [(#"["auto"]"#, nil), ("[3]", 3)] as [(String, Int?)])
    func instances(text: String, number: Int?) throws {
        let counts: [InstanceCount] = try decode(text)
        #expect(counts.map(\.number) == [number])
        #expect(AdminFixtures.json(counts) == text)
        #expect(InstanceCount(String(text.filter { $0.isLetter || $0.isNumber })) == counts.first)
    }

    @Test("other instances are refused", arguments: [#"["many"]"#, "[1.5]", "[true]", "[null]"])
    func badInstances(text: String) {
        #expect(throws: DecodingError.self) { try decode(text, as: [InstanceCount].self) }
        #expect(InstanceCount("many") == nil)
    }
}
