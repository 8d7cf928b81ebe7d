// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoints that share cores", .timeLimit(.minutes(2)))
struct SharedCoresTests {
    /// Two endpoints with two lanes each.
    private func rig(cores: Int) async -> ServingRig {
        let rig = ServingRig(cores: cores)
        rig.service.apply([
            ServingRig.assignment(1, endpoint: "e", instances: 2),
            ServingRig.assignment(2, endpoint: "f", instances: 2),
        ])
        await rig.until { ["e", "f"].allSatisfy { rig.status($0)?.serving != nil } }
        rig.engine.tally.startOver()
        return rig
    }

    @Test("never run more calls at the same time than there are cores, and all are answered", arguments: [1, 2, 3])
    func bounded(cores: Int) async throws {
        let rig = await rig(cores: cores)
        rig.gate.close()
        let requests = try (0..<40).map { try ServingRig.request([Float($0)], endpoint: $0 % 2 == 0 ? "e" : "f") }
        let tasks = requests.map { request in Task { try await rig.ask(request) } }
        await rig.gate.waitForArrivals(cores)
        let admissions = try ["e", "f"].map { try rig.service.endpoint($0).admission }
        await rig.until { admissions.reduce(0) { $0 + $1.load.requests } == 40 }
        rig.gate.open()
        for (index, task) in tasks.enumerated() {
            #expect(try await task.value == [Float(index + (index % 2 == 0 ? 1 : 2))])
        }
        #expect(rig.engine.tally.mostRunning == cores)
    }

    @Test("take turns: one with a long queue holds up the other by one call only")
    func turns() async throws {
        let rig = await rig(cores: 1)
        let first = await rig.hold(try ServingRig.request([0], endpoint: "e"))
        let many = await rig.queue(try (1...20).map { try ServingRig.request([Float($0)], endpoint: "e") })
        let few = await rig.queue([try ServingRig.request([100], endpoint: "f")])
        rig.gate.open()
        for task in [first] + many + few { _ = try await task.value }
        let order = rig.engine.tally.calls.map(\.version)
        let place = try #require(order.firstIndex(of: 2))
        // Behind the held call and the one that e's other lane asked for before.
        #expect(place <= 2)
    }
}
