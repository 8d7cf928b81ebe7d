// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Shadow versions", .timeLimit(.minutes(2)))
struct ShadowTests {
    /// Version 1 answers, version 2 gets copies: its answers are higher by 1.
    private func rig(
        script: ScriptedEngine.Script = ScriptedEngine.Script(), tolerance: Double? = nil
    ) async -> ServingRig {
        let rig = ServingRig(script: script)
        await rig.serve(1) { $0.shadows = [Shadow(version: ServingRig.version(2), tolerance: tolerance)] }
        await rig.until { rig.status()?.versions.allSatisfy { $0.state == "ready" } == true }
        return rig
    }

    private func tally(_ rig: ServingRig) throws -> ShadowTally {
        try rig.service.endpoint("e").shadowTallies[ServingRig.version(2)] ?? ShadowTally()
    }

    @Test("get copies of requests, and their answers are compared", arguments: [(nil, 0), (10, 5)])
    func compared(tolerance: Double?, agreed: Int) async throws {
        let rig = await rig(tolerance: tolerance)
        for value in 1...5 {
            let response = try await rig.service.infer(ServingRig.request([Float(value)]))
            #expect(response.outputs["y"]?.values(as: Float.self) == [Float(value) + 1])
            #expect(response.version == 1)
            #expect(response.route == .primary)
        }
        let endpoint = try rig.service.endpoint("e")
        await rig.until { endpoint.shadowTallies.values.first?.compared == 5 }
        let tally = try tally(rig)
        #expect(tally.agreed == agreed)
        #expect(tally.differed == 5 - agreed)
        #expect(tally.failed == 0)
        #expect(tally.dropped == 0)
        await rig.until { rig.observations.count { $0.route == .shadow } == 5 }
        let copies = rig.observations.filter { $0.route == .shadow }
        #expect(copies.allSatisfy { $0.version == 2 && $0.outcome == .success })
        #expect(rig.status()?.notes.contains { $0.hasPrefix("shadow m:2: 5 compared") } == true)
    }

    @Test("that are stuck delay nobody; copies beyond a limit are dropped and counted")
    func stuck() async throws {
        let gate = Gate(isOpen: true)
        var script = ScriptedEngine.Script()
        script.gates = [2: gate]
        let rig = await rig(script: script)
        gate.close()
        for value in 0..<100 { #expect(try await rig.ask(ServingRig.request([Float(value)])) == [Float(value) + 1]) }
        #expect(try tally(rig).dropped == 100 - 64)
        #expect(try tally(rig).compared == 0)
        try rig.expectIdle()
        gate.open()
        let endpoint = try rig.service.endpoint("e")
        await rig.until { endpoint.shadowTallies.values.first?.compared == 64 }
    }

    @Test("that fail are counted, and callers hear nothing of it")
    func failing() async throws {
        var script = ScriptedEngine.Script()
        script.failure = { $0 == 2 ? EngineError(code: .executionFailed, message: "no") : nil }
        let rig = await rig(script: script)
        for value in 0..<3 { #expect(try await rig.ask(ServingRig.request([Float(value)])) == [Float(value) + 1]) }
        let endpoint = try rig.service.endpoint("e")
        await rig.until { endpoint.shadowTallies.values.first?.failed == 3 }
        await rig.until { rig.observations.count == 6 }
        #expect(rig.observations.filter { $0.outcome != .success }.allSatisfy { $0.route == .shadow })
    }

    @Test("go when they are no longer wanted, and their tally with them")
    func removed() async throws {
        let rig = await rig()
        _ = try await rig.ask(ServingRig.request([1]))
        let endpoint = try rig.service.endpoint("e")
        await rig.until { endpoint.shadowTallies.values.first?.compared == 1 }
        rig.service.apply([ServingRig.assignment(1, revision: 2)])
        await rig.until { rig.engine.tally.counts.alive == 1 }
        #expect(endpoint.shadowTallies.isEmpty)
        #expect(try await rig.ask(ServingRig.request([1])) == [2])
    }

    @Test("get a copy of what was cut over several calls as one request")
    func cut() async throws {
        let rig = ServingRig()
        await rig.serve(1) { spec in
            spec.shadows = [Shadow(version: ServingRig.version(2), tolerance: 10)]
            spec.batching.maximumRows = 4
        }
        await rig.until { rig.status()?.versions.allSatisfy { $0.state == "ready" } == true }
        _ = try await rig.ask(ServingRig.request((0..<10).map(Float.init)))
        let endpoint = try rig.service.endpoint("e")
        await rig.until { endpoint.shadowTallies.values.first?.compared == 1 }
        #expect(try tally(rig).agreed == 1)
    }
}
