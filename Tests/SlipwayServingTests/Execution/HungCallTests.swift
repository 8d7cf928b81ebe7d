// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Engine calls that do not come back", .timeLimit(.minutes(2)))
struct HungCallTests {
    private static let hanging: Float = 99

    /// A rig with one lane, whose calls with 99 among their inputs hang at a gate.
    private func rig(poison: Float? = nil) async -> (rig: ServingRig, gate: Gate) {
        let gate = Gate(isOpen: false)
        var script = ScriptedEngine.Script()
        script.slow = (Self.hanging, gate)
        script.poison = poison
        let rig = ServingRig(script: script)
        await rig.serve(1) { spec in
            spec.limits.callMs = 10
            spec.batching.preferredRows = [64]
        }
        return (rig, gate)
    }

    /// Time for a call to be stopped, and time for one that was stopped to be given up.
    private func stop(_ rig: ServingRig) { rig.service.tick(now: .now + .seconds(1)) }
    private func giveUp(_ rig: ServingRig) { rig.service.tick(now: .now + .seconds(10)) }

    @Test("are told to their callers, their lane is replaced, and others go on")
    func replaced() async throws {
        let (rig, gate) = await rig()
        let request = try ServingRig.request([Self.hanging])
        let hung = Task { try await rig.ask(request) }
        await gate.waitForArrivals(1)
        let others = await rig.queue(try [1, 2].map { try ServingRig.request([$0]) })
        #expect(rig.status()?.notes.contains { $0.hasPrefix("degraded") } == false)
        stop(rig)
        let error = await expectServingError(.hung) { _ = try await hung.value }
        #expect(error?.category == .internal)
        #expect(request.cancellation.isCancelled)
        giveUp(rig)
        #expect(try await others[0].value == [2])
        #expect(try await others[1].value == [3])
        #expect(try await rig.ask(ServingRig.request([3])) == [4])
        #expect(rig.status()?.notes.contains { $0.hasPrefix("degraded: 1 ") } == true)
        try rig.expectIdle()
        gate.open()
        #expect(try await rig.ask(ServingRig.request([4])) == [5])
    }

    @Test("that are in time are left alone")
    func inTime() async throws {
        let (rig, gate) = await rig()
        let request = try ServingRig.request([Self.hanging])
        let slow = Task { try await rig.ask(request) }
        await gate.waitForArrivals(1)
        rig.service.tick(now: .now - .seconds(1))
        gate.open()
        #expect(try await slow.value == [100])
        stop(rig)
        giveUp(rig)
        #expect(rig.status()?.notes.contains { $0.hasPrefix("degraded") } == false)
    }

    @Test("do no harm when they return after all, time and again")
    func lateReturn() async throws {
        let (rig, gate) = await rig()
        for round in 1...5 {
            let request = try ServingRig.request([Self.hanging])
            let hung = Task { try await rig.ask(request) }
            await gate.waitForArrivals(round)
            stop(rig)
            await expectServingError(.hung) { _ = try await hung.value }
            giveUp(rig)
            #expect(try await rig.ask(ServingRig.request([1])) == [2])
        }
        let executions = rig.executions.count
        gate.open()
        for value in 1...20 { #expect(try await rig.ask(ServingRig.request([Float(value)])) == [Float(value) + 1]) }
        // None of the late answers counts.
        #expect(rig.executions.count == executions + 20)
        // The lanes that came back did not stay beside their successors: one call at a time.
        rig.engine.tally.startOver()
        let first = await rig.hold(try ServingRig.request([0]))
        let tasks = await rig.queue(try (1...5).map { try ServingRig.request([Float($0)]) })
        rig.gate.open()
        for task in [first] + tasks { _ = try await task.value }
        #expect(rig.engine.tally.mostRunning == 1)
        rig.service.apply([])
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    @Test("do not keep their version from being unloaded")
    func unloaded() async throws {
        let (rig, gate) = await rig()
        let request = try ServingRig.request([Self.hanging])
        let hung = Task { try await rig.ask(request) }
        await gate.waitForArrivals(1)
        stop(rig)
        await expectServingError(.hung) { _ = try await hung.value }
        giveUp(rig)
        rig.service.apply([])
        await rig.until { rig.service.isEmpty }
        // The call still uses the model.
        #expect(rig.engine.tally.counts.alive == 1)
        gate.open()
        await rig.until { rig.engine.tally.counts.alive == 0 }
    }

    @Test("are given up also where their version is on its way out")
    func unloadedBefore() async throws {
        let (rig, gate) = await rig()
        let request = try ServingRig.request([Self.hanging])
        let hung = Task { try await rig.ask(request) }
        await gate.waitForArrivals(1)
        rig.service.apply([])
        await rig.until { rig.events.last?.state == .draining }
        stop(rig)
        await expectServingError(.hung) { _ = try await hung.value }
        await rig.until { rig.events.last?.state == .unloading }
        giveUp(rig)
        await rig.until { rig.service.isEmpty }
        gate.open()
        await rig.until { rig.engine.tally.counts.alive == 0 }
    }

    @Test("do not hold up others of a batch that are tried again alone")
    func retried() async throws {
        let (rig, gate) = await rig(poison: 13)
        let first = await rig.hold(try ServingRig.request([0]))
        let tasks = await rig.queue(try [13, Self.hanging, 5, 6].map { try ServingRig.request([$0]) })
        rig.gate.open()
        _ = try await first.value
        await #expect(throws: EngineError.self) { try await tasks[0].value }
        await gate.waitForArrivals(1)
        stop(rig)
        await expectServingError(.hung) { _ = try await tasks[1].value }
        giveUp(rig)
        #expect(try await tasks[2].value == [6])
        #expect(try await tasks[3].value == [7])
        gate.open()
        try rig.expectIdle()
    }
}
