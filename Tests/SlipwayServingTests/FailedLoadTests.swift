// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("A version that cannot be loaded", .timeLimit(.minutes(2)))
struct FailedLoadTests {
    private struct Trouble: Error, CustomStringConvertible {
        var description: String { "the disk is on fire" }
    }

    /// A rig whose version 2 fails at one step.
    private func rig(failingAt step: VersionLifecycle.Step) -> ServingRig {
        var script = ScriptedEngine.Script()
        if step == .load {
            script.refusal = { bundle in
                bundle.path.hasSuffix("/2") ? EngineError(code: .loadFailed, message: "the disk is on fire") : nil
            }
        }
        return ServingRig(
            script: script,
            source: ScriptedSource { now, version in if now == step, version.number == 2 { throw Trouble() } })
    }

    @Test(
        "leaves the old one serving, and status tells why",
        arguments: [VersionLifecycle.Step.resolve, .fetch, .verify, .load])
    func keepsOld(step: VersionLifecycle.Step) async throws {
        let rig = rig(failingAt: step)
        await rig.serve(1)
        rig.service.apply([ServingRig.assignment(2)])
        await rig.until { rig.status()?.state == "failed" }
        let status = try #require(rig.status())
        #expect(status.serving?.number == 1)
        #expect(status.wanted?.number == 2)
        #expect(status.revision == 2)
        #expect(status.message == "\(step.rawValue) of m:2 failed: the disk is on fire")
        #expect(rig.service.isReady)
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        await expectServingError(.unknownVersion) { _ = try await rig.service.infer(ServingRig.request(version: 2)) }
        #expect(rig.engine.tally.counts.alive == 1)

        rig.service.apply([ServingRig.assignment(1, revision: 3)])
        #expect(rig.status()?.state == "ready")
        #expect(rig.status()?.message == nil)
        await rig.serve(4)
        #expect(try await rig.service.infer(ServingRig.request()).version == 4)
    }

    @Test("is told to callers when there is no other")
    func nothingElse() async throws {
        let rig = rig(failingAt: .fetch)
        rig.service.apply([ServingRig.assignment(2)])
        await rig.until { rig.status()?.state == "failed" }
        #expect(rig.status()?.serving == nil)
        #expect(rig.service.isReady)
        let error = await expectServingError(.notReady) { _ = try await rig.service.infer(ServingRig.request()) }
        #expect(error?.message.contains("the disk is on fire") == true)
        #expect(error?.category == .unavailable)
        try rig.expectIdle()
    }

    @Test("is loaded again by a new revision only")
    func again() async throws {
        let rig = rig(failingAt: .fetch)
        rig.service.apply([ServingRig.assignment(2)])
        await rig.until { rig.status()?.state == "failed" }
        let events = rig.events.count
        rig.service.apply([ServingRig.assignment(2)])
        #expect(rig.events.count == events)
        rig.service.apply([ServingRig.assignment(2, revision: 3)])
        await rig.until { rig.events.count == events * 2 }
        await rig.until { rig.status()?.state == "failed" }
    }

    @Test(
        "names the engines there are when its own is missing or does not run the format",
        arguments: [("other", ModelFormat.onnx, "available: scripted"), ("scripted", .gguf, "GGUF")])
    func noEngine(engine: String, format: ModelFormat, text: String) async throws {
        let rig = ServingRig(source: ScriptedSource(engine: engine, format: format))
        rig.service.apply([ServingRig.assignment(1)])
        await rig.until { rig.status()?.state == "failed" }
        #expect(rig.status()?.message?.contains(text) == true)
    }

    @Test("a request while the first version loads is told that it is not ready, and nothing waits")
    func loading() async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(source: ScriptedSource { step, _ in if step == .fetch { await gate.pass() } })
        rig.service.apply([ServingRig.assignment(1)])
        await gate.waitForArrivals(1)
        #expect(rig.status()?.state == "fetching")
        #expect(!rig.service.isReady)
        let error = await expectServingError(.notReady) { _ = try await rig.service.infer(ServingRig.request()) }
        #expect(error?.message.contains("fetching") == true)
        gate.open()
        await rig.until { rig.status()?.serving?.number == 1 }
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
    }

    @Test(
        "a version undeployed in the middle of its load ends unloaded, at whatever step",
        arguments: [
            VersionLifecycle.Step.resolve, .fetch, .verify,
        ])
    func undeployedWhileLoading(step: VersionLifecycle.Step) async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(source: ScriptedSource { now, _ in if now == step { await gate.pass() } })
        rig.service.apply([ServingRig.assignment(1)])
        await gate.waitForArrivals(1)
        rig.service.apply([])
        #expect(!rig.service.isEmpty)
        gate.open()
        await rig.until { rig.service.isEmpty }
        #expect(rig.events.last?.state == .unloaded)
        #expect(rig.engine.tally.counts.loaded == 0)
        await expectServingError(.unknownEndpoint) { _ = try await rig.service.infer(ServingRig.request()) }
    }

    @Test("a version undeployed while it warms up gives its memory back")
    func undeployedWhileWarmingUp() async throws {
        let rig = ServingRig()
        rig.gate.close()
        rig.service.apply([ServingRig.assignment(1)])
        await rig.gate.waitForArrivals(1)
        #expect(rig.status()?.state == "warming-up")
        rig.service.apply([])
        rig.gate.open()
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    @Test("a model that refuses zeros is served all the same")
    func warmUpFails() async throws {
        var script = ScriptedEngine.Script()
        script.failure = { _ in EngineError(code: .executionFailed, message: "zeros") }
        let rig = ServingRig(script: script)
        await rig.serve(1)
        #expect(rig.status()?.state == "ready")
        #expect(rig.status()?.versions.first?.batching?.hasPrefix("not batched: the model refuses") == true)
    }
}
