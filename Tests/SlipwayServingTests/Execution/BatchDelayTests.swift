// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("A delay set by hand", .timeLimit(.minutes(2)))
struct BatchDelayTests {
    /// So long that a test which waits for its end fails.
    private static let hours: Double = 10_000_000

    private static func delayed(_ spec: inout EndpointSpec) {
        spec.batching.maximumDelayMs = hours
        spec.batching.preferredRows = [3]
    }

    @Test("lets requests wait until there are enough of them")
    func company() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.delayed)
        let calls = rig.engine.tally.counts.calls
        let tasks = await rig.queue(try [1, 2].map { try ServingRig.request([$0]) })
        #expect(rig.engine.tally.counts.calls == calls)
        #expect(try await rig.ask(ServingRig.request([3])) == [4])
        #expect(try await tasks[0].value == [2])
        #expect(try await tasks[1].value == [3])
        #expect(rig.executions.map(\.rows) == [3])
    }

    @Test("ends when it is over, with however many there are")
    func over() async throws {
        let rig = ServingRig()
        await rig.serve(1) { spec in
            spec.batching.maximumDelayMs = 1
            spec.batching.preferredRows = [3]
        }
        for value in 1...3 { #expect(try await rig.ask(ServingRig.request([Float(value)])) == [Float(value) + 1]) }
        #expect(rig.executions.map(\.rows) == [1, 1, 1])
    }

    @Test("ends when it is taken away")
    func takenAway() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.delayed)
        let tasks = await rig.queue(try [1, 2].map { try ServingRig.request([$0]) })
        rig.service.apply([ServingRig.assignment(1, revision: 2) { $0.batching.preferredRows = [3] }])
        #expect(try await tasks[0].value == [2])
        #expect(try await tasks[1].value == [3])
        #expect(rig.executions.map(\.rows) == [2])
    }

    @Test("is not for those that left in the meantime")
    func cancelled() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.delayed)
        let leaving = try ServingRig.request([1])
        let tasks = await rig.queue([leaving, try ServingRig.request([2])])
        leaving.cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await tasks[0].value }
        #expect(rig.waiting() == 1)
        let others = await rig.queue([try ServingRig.request([3])])
        #expect(try await rig.ask(ServingRig.request([4])) == [5])
        #expect(try await tasks[1].value == [3])
        #expect(try await others[0].value == [4])
        #expect(rig.executions.map(\.rows) == [3])
    }
}
