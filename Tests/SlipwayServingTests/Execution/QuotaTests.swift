// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Quotas and limits of an endpoint", .timeLimit(.minutes(2)))
struct QuotaTests {
    @Test("a caller that has spent its quota is told when to come again, others go on")
    func perClient() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.limits.clientQuota = LimitSpec.Quota(requestsPerMinute: 2) }
        let (one, other) = (Caller(identity: "a"), Caller(identity: "b"))
        for _ in 0..<2 { #expect(try await rig.ask(ServingRig.request([1], caller: one)) == [2]) }
        let error = await expectServingError(.quotaExceeded) {
            _ = try await rig.ask(ServingRig.request([1], caller: one))
        }
        #expect(error?.category == .quotaExceeded)
        #expect(error?.retryAfterSeconds ?? 0 >= 1)
        #expect(rig.observations.last?.outcome == .failure(.quotaExceeded))
        #expect(try await rig.ask(ServingRig.request([1], caller: other)) == [2])
        try rig.expectIdle()
    }

    @Test("rows count, and a new revision's quota is in force at once")
    func rows() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.limits.quota = LimitSpec.Quota(rowsPerMinute: 10) }
        #expect(try await rig.ask(ServingRig.request([1, 2, 3, 4, 5, 6])).count == 6)
        await expectServingError(.quotaExceeded) { _ = try await rig.ask(ServingRig.request([1, 2, 3, 4, 5, 6])) }
        rig.service.apply([ServingRig.assignment(1, revision: 2)])
        #expect(try await rig.ask(ServingRig.request([1, 2, 3, 4, 5, 6])).count == 6)
    }

    @Test("an endpoint's own limit of requests counts, and its refusal says when to come again")
    func requests() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.limits.requests = 1 }
        let held = await rig.hold(try ServingRig.request([1]))
        let error = await expectServingError(.overloaded) { _ = try await rig.ask(ServingRig.request([1])) }
        #expect(error?.category == .unavailable)
        #expect(error?.retryAfterSeconds ?? 0 >= 1)
        rig.gate.open()
        #expect(try await held.value == [2])
        #expect(try await rig.ask(ServingRig.request([1])) == [2])
    }

    @Test("an endpoint's usual deadline is that of requests that name none")
    func deadline() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.limits.deadlineMs = 20 }
        let patient = await rig.hold(try ServingRig.request([2], deadline: .now + .seconds(3600)))
        await expectServingError(.deadlineExceeded) { _ = try await rig.ask(ServingRig.request([1])) }
        rig.gate.open()
        #expect(try await patient.value == [3])
        try rig.expectIdle()
    }
}
