// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Answers given again", .timeLimit(.minutes(2)))
struct AnswerCacheTests {
    private static func cached(_ spec: inout EndpointSpec) { spec.cacheBytes = 1 << 20 }

    @Test("the same inputs are answered without a call, and observed as such")
    func hit() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.cached)
        let first = try await rig.service.infer(ServingRig.request([7]))
        #expect(first.route == .primary)
        let calls = rig.engine.tally.counts.calls
        let second = try await rig.service.infer(ServingRig.request([7]))
        #expect(second.route == .cache)
        #expect(second.batchSize == 0)
        #expect(second.outputs["y"]?.values(as: Float.self) == [8])
        #expect(rig.engine.tally.counts.calls == calls)
        #expect(try await rig.ask(ServingRig.request([9])) == [10])
        #expect(rig.engine.tally.counts.calls == calls + 1)
        #expect(rig.observations.map(\.route) == [.primary, .cache, .primary])
        #expect(rig.observations.allSatisfy { $0.outcome == .success && $0.version == 1 })
        #expect(rig.status()?.notes.contains { $0.hasPrefix("cache: 1 of 3 ") } == true)
        try rig.expectIdle()
    }

    @Test("never of another version")
    func versions() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.cached)
        #expect(try await rig.ask(ServingRig.request([7])) == [8])
        await rig.serve(2, Self.cached)
        #expect(try await rig.ask(ServingRig.request([7])) == [9])
        await rig.serve(1, revision: 3, Self.cached)
        let back = try await rig.service.infer(ServingRig.request([7]))
        #expect(back.outputs["y"]?.values(as: Float.self) == [8])
        #expect(back.route == .cache)
    }

    @Test("not where the endpoint does not want it")
    func off() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let calls = rig.engine.tally.counts.calls
        for _ in 0..<2 { #expect(try await rig.service.infer(ServingRig.request([7])).route == .primary) }
        #expect(rig.engine.tally.counts.calls == calls + 2)
    }

    @Test("an error is not kept")
    func failure() async throws {
        var script = ScriptedEngine.Script()
        script.poison = 7
        let rig = ServingRig(script: script)
        await rig.serve(1, Self.cached)
        let calls = rig.engine.tally.counts.calls
        for _ in 0..<2 { await #expect(throws: (any Error).self) { try await rig.ask(ServingRig.request([7])) } }
        #expect(rig.engine.tally.counts.calls == calls + 2)
    }
}
