// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import SlipwayServer
import SlipwayTestKit
import Testing

@Suite("Access gate")
struct AccessGateTests {
    private let store = InMemoryMetadataStore()
    private let now = Timestamp(milliseconds: 1_000_000)

    private func gate(isOpenWithoutKeys: Bool) -> AccessGate {
        let now = now
        return AccessGate(keys: store, isOpenWithoutKeys: isOpenWithoutKeys, clock: { now })
    }

    private func makeKey(_ role: Role, expiresAt: Int64? = nil) async throws -> String {
        let key = APIKey.generate()
        let expiry = expiresAt.map { Timestamp(milliseconds: $0) }
        try await store.addKey(key.record(role: role, label: "", createdAt: now, expiresAt: expiry))
        return "Bearer " + key.text
    }

    @Test("on loopback no key is asked for until the first one exists", arguments: Role.allCases)
    func loopback(role: Role) async throws {
        let gate = gate(isOpenWithoutKeys: true)
        try await gate.check(role, authorization: nil)
        _ = try await makeKey(.viewer)
        let error = await #expect(throws: SecurityError.self) { try await gate.check(role, authorization: nil) }
        #expect(error?.category == .unauthenticated)
    }

    @Test("elsewhere a key is asked for also while none exists")
    func elsewhere() async throws {
        await #expect(throws: SecurityError.self) {
            try await gate(isOpenWithoutKeys: false).check(.viewer, authorization: nil)
        }
    }

    @Test("a route without a role asks for nothing")
    func noRole() async throws {
        _ = try await makeKey(.admin)
        try await gate(isOpenWithoutKeys: false).check(nil, authorization: nil)
    }

    @Test("a role includes the ones before it and no other", arguments: Role.allCases, Role.allCases)
    func roles(held: Role, required: Role) async throws {
        let authorization = try await makeKey(held)
        let gate = gate(isOpenWithoutKeys: false)
        if held >= required {
            try await gate.check(required, authorization: authorization)
        } else {
            let error = await #expect(throws: SecurityError.self) {
                try await gate.check(required, authorization: authorization)
            }
            #expect(error?.category == .forbidden)
        }
    }

    @Test(
        "what is no key of this home is refused, on loopback too",
        arguments: ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic dXNlcjpwYXNz", "slw_1_2"], [true, false])
    func badKeys(authorization: String, isLoopback: Bool) async throws {
        _ = try await makeKey(.admin)
        let error = await #expect(throws: SecurityError.self) {
            try await gate(isOpenWithoutKeys: isLoopback).check(.viewer, authorization: authorization)
        }
        #expect(error?.category == .unauthenticated)
    }

    @Test("a key of another home, an expired one and a revoked one are refused")
    func otherKeys() async throws {
        _ = try await makeKey(.admin)
        let expired = try await makeKey(.admin, expiresAt: 1_000_000)
        let revoked = try await makeKey(.admin)
        let id = try #require(revoked.split(separator: "_").dropFirst().first)
        try await store.removeKey(id: String(id))
        for authorization in ["Bearer " + APIKey.generate().text, expired, revoked] {
            let error = await #expect(throws: SecurityError.self) {
                try await gate(isOpenWithoutKeys: true).check(.viewer, authorization: authorization)
            }
            #expect(error?.category == .unauthenticated)
        }
    }
}
