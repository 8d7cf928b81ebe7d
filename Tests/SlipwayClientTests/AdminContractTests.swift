// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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
        try roundTrip(RollbackRequest(revision: 2))
        try roundTrip(RollbackRequest(revision: nil))
        try roundTrip(TokenRequest(role: "viewer", label: "x", days: 3))
        for state in ["running", "succeeded", "failed"] { try roundTrip(AdminFixtures.operation(state)) }
    }
}
