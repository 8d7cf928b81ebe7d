// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Admission")
struct AdmissionControllerTests {
    private func controller(
        requests: Int = 1, quota: LimitSpec.Quota? = nil, clientQuota: LimitSpec.Quota? = nil
    ) -> AdmissionController {
        AdmissionController(
            limits: AdmissionLimits(requests: requests, bytes: 10), quota: quota, clientQuota: clientQuota)
    }

    private func refusal(
        _ controller: AdmissionController, _ demand: AdmissionDemand = AdmissionDemand(bytes: 1)
    ) -> ServingError? {
        #expect(throws: ServingError.self) { _ = try controller.admit(demand, endpoint: "e") }
    }

    @Test("a permit gives its place back when it goes, also when its holder throws")
    func permits() throws {
        struct Stop: Error {}
        let controller = controller()
        func hold(_ fails: Bool) throws {
            let permit = try controller.admit(AdmissionDemand(rows: 3, bytes: 4), endpoint: "e")
            defer { withExtendedLifetime(permit) {} }
            #expect((controller.load.requests, controller.load.rows, controller.load.bytes) == (1, 3, 4))
            if fails { throw Stop() }
        }
        try hold(false)
        #expect(throws: Stop.self) { try hold(true) }
        #expect((controller.load.requests, controller.load.rows, controller.load.bytes) == (0, 0, 0))
        try hold(false)
    }

    @Test("a refusal names the endpoint and the limit, and is told as overload with a time to come back")
    func overload() throws {
        let controller = controller()
        let permit = try controller.admit(AdmissionDemand(bytes: 4), endpoint: "e")
        let error = refusal(controller)
        #expect(error?.code == .overloaded)
        #expect(error?.category == .unavailable)
        #expect(error?.retryAfterSeconds == 1)
        #expect(error?.message.contains("'e'") == true && error?.message.contains("1 requests") == true)
        #expect(controller.load.refused[.requests] == 1)
        withExtendedLifetime(permit) {}
    }

    @Test("a spent quota is told as such, holds no place, and is counted")
    func quota() throws {
        let controller = controller(requests: 5, clientQuota: LimitSpec.Quota(requestsPerMinute: 1))
        let now = ContinuousClock.now
        let permit = try controller.admit(AdmissionDemand(client: "a", bytes: 4), endpoint: "e", now: now)
        let error = #expect(throws: ServingError.self) {
            _ = try controller.admit(AdmissionDemand(client: "a", bytes: 4), endpoint: "e", now: now)
        }
        #expect(error?.code == .quotaExceeded && error?.category == .quotaExceeded)
        #expect(error?.retryAfter == .seconds(60))
        #expect(error?.message.contains("1 requests per minute") == true)
        #expect(controller.load.refused[.quota] == 1 && controller.load.requests == 1 && controller.load.bytes == 4)
        let other = try controller.admit(AdmissionDemand(client: "b", bytes: 1), endpoint: "e", now: now)
        withExtendedLifetime(permit) { withExtendedLifetime(other) {} }
    }

    @Test("a request larger than a quota is told to be smaller, with no time to come back")
    func neverFits() {
        let error = refusal(
            controller(quota: LimitSpec.Quota(rowsPerMinute: 5)), AdmissionDemand(rows: 6, bytes: 1))
        #expect(error?.code == .quotaExceeded && error != nil && error?.retryAfter == nil)
        #expect(error?.message.contains("send less at once") == true)
    }

    @Test("an overloaded endpoint spends nobody's quota")
    func limitsFirst() throws {
        let controller = controller(quota: LimitSpec.Quota(requestsPerMinute: 2))
        let now = ContinuousClock.now
        do {
            let permit = try controller.admit(AdmissionDemand(bytes: 1), endpoint: "e", now: now)
            for _ in 0..<10 { #expect(refusal(controller)?.code == .overloaded) }
            withExtendedLifetime(permit) {}
        }
        _ = try controller.admit(AdmissionDemand(bytes: 1), endpoint: "e", now: now)
        #expect(refusal(controller)?.code == .quotaExceeded)
    }

    @Test("limits and quotas change while requests are held")
    func update() throws {
        let controller = controller()
        let permit = try controller.admit(AdmissionDemand(bytes: 4), endpoint: "e")
        #expect(refusal(controller)?.code == .overloaded)
        let wider = AdmissionLimits(requests: 2, bytes: 10)
        controller.update(limits: wider, quota: LimitSpec.Quota(requestsPerMinute: 1), clientQuota: nil)
        _ = try controller.admit(AdmissionDemand(bytes: 4), endpoint: "e")
        #expect(refusal(controller)?.code == .quotaExceeded)
        controller.update(limits: wider, quota: nil, clientQuota: nil)
        _ = try controller.admit(AdmissionDemand(bytes: 4), endpoint: "e")
        #expect(controller.load.requests == 1)
        withExtendedLifetime(permit) {}
    }

    @Test("an expired request is told so, and one that would wait past its deadline how long")
    func deadlines() {
        let controller = controller()
        let past = ContinuousClock.now - .seconds(1)
        #expect(refusal(controller, AdmissionDemand(bytes: 1, deadline: past))?.code == .deadlineExceeded)
        let soon = AdmissionDemand(bytes: 1, predictedWait: .seconds(90), deadline: .now + .seconds(60))
        let error = refusal(controller, soon)
        #expect(error?.code == .overloaded && error?.message.contains("90.0 s") == true)
    }

    @Test("places add up when many tasks come and go")
    func concurrent() async {
        let controller = AdmissionController(limits: AdmissionLimits(requests: 5, rows: 20, bytes: 100))
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var admitted = 0
                    for size in 0..<2000 {
                        let demand = AdmissionDemand(rows: size % 7, bytes: size % 40)
                        guard let permit = try? controller.admit(demand, endpoint: "e") else { continue }
                        admitted += 1
                        withExtendedLifetime(permit) {}
                    }
                    return admitted
                }
            }
            return await group.reduce(0, +)
        }
        let load = controller.load
        #expect((load.requests, load.rows, load.bytes) == (0, 0, 0))
        #expect(admitted + load.refused.byReason.reduce(0) { $0 + $1.count } == 16_000)
    }
}
