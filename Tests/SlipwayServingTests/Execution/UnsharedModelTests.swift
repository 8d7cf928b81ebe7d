// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Models whose rows cannot share a call", .timeLimit(.minutes(2)))
struct UnsharedModelTests {
    @Test(
        "are found out at warm-up, served alone, and say so",
        arguments: [ScriptedEngine.Script.Answer.oneRow, .mixed])
    func found(answer: ScriptedEngine.Script.Answer) async throws {
        var script = ScriptedEngine.Script()
        script.answer = { _ in answer }
        let rig = ServingRig(script: script)
        await rig.serve(1)
        #expect(rig.status()?.versions.first?.batching?.hasPrefix("not batched: ") == true)
        let first = await rig.hold(try ServingRig.request([0]))
        let tasks = await rig.queue(try (1...4).map { try ServingRig.request([Float($0)]) })
        rig.gate.open()
        #expect(try await first.value == [1])
        for (index, task) in tasks.enumerated() {
            let value = try await task.value
            switch answer {
            case .oneRow: #expect(value == [1])
            default: #expect(value == [Float(index + 2)])
            }
        }
        #expect(rig.executions.map(\.rows) == [1, 1, 1, 1, 1])
    }

    @Test("without a warm-up, requests run alone unless the endpoint says otherwise")
    func notTried() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.lifecycle.warmUp = LifecycleSpec.WarmUp.none }
        #expect(rig.engine.tally.counts.calls == 0)
        #expect(rig.status()?.versions.first?.batching?.hasPrefix("not batched: without warm-up") == true)
    }

    @Test("are found out by their first batch where they were not tried, and nobody loses by it")
    func foundLater() async throws {
        var script = ScriptedEngine.Script()
        script.answer = { _ in .oneRow }
        let rig = ServingRig(script: script)
        await rig.serve(1) { spec in
            spec.lifecycle.warmUp = LifecycleSpec.WarmUp.none
            spec.batching.isEnabled = true
            spec.batching.preferredRows = [64]
        }
        #expect(rig.engine.tally.counts.calls == 0)
        #expect(rig.status()?.versions.first?.batching?.hasPrefix("not batched: ") == false)
        let first = await rig.hold(try ServingRig.request([0]))
        let tasks = await rig.queue(try (1...4).map { try ServingRig.request([Float($0)]) })
        rig.gate.open()
        for task in [first] + tasks { #expect(try await task.value == [1]) }
        #expect(rig.engine.tally.calls.map(\.values) == [[0], [1, 2, 3, 4], [1], [2], [3], [4]])
        #expect(rig.status()?.versions.first?.batching?.hasPrefix("not batched: ") == true)
        try rig.expectIdle()
    }

    @Test("get the whole of a request where the first dimension is no batch")
    func fixedRows() async throws {
        var script = ScriptedEngine.Script()
        script.signature = ScriptedModel.threeRows
        let rig = ServingRig(script: script)
        await rig.serve(1)
        #expect(rig.status()?.versions.first?.batching?.contains("fixed first dimension") == true)
        #expect(try await rig.ask(ServingRig.request([1, 2, 3])) == [2, 3, 4])
        #expect(rig.observations.map(\.rows) == [1])
    }

    @Test("a request without rows is passed on as it is")
    func noRows() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        #expect(try await rig.ask(ServingRig.request([])) == [])
        try rig.expectIdle()
    }

    @Test("requests run alone where the endpoint says so")
    func switchedOff() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.batching.isEnabled = false }
        let first = await rig.hold(try ServingRig.request([0]))
        let tasks = await rig.queue(try (1...3).map { try ServingRig.request([Float($0), 0]) })
        rig.gate.open()
        _ = try await first.value
        for (index, task) in tasks.enumerated() { #expect(try await task.value == [Float(index + 2), 1]) }
        #expect(rig.executions.map(\.rows) == [1, 2, 2, 2])
        #expect(rig.status()?.versions.first?.batching?.contains("switched off") == true)
    }
}
