// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Versions that share memory", .timeLimit(.minutes(2)))
struct ResidencyTests {
    /// What a load of an empty file is expected to take; once there, a scripted model takes 1000.
    private static let load = 8 << 20

    private static func onDemand(_ spec: inout EndpointSpec) { spec.lifecycle.loading = .onDemand }

    // MARK: - On demand

    @Test("one loaded on demand is loaded once by its first requests, and all of them are answered")
    func firstRequests() async throws {
        let rig = ServingRig()
        rig.service.apply([ServingRig.assignment(1, Self.onDemand)])
        #expect(rig.status()?.state == "cold")
        #expect(rig.service.isReady)
        #expect(rig.engine.tally.counts.loaded == 0)
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<50 { group.addTask { @concurrent in try await rig.ask(ServingRig.request([1])) } }
            for try await answer in group { #expect(answer == [2]) }
        }
        #expect(rig.engine.tally.counts.loaded == 1)
        try rig.expectIdle()
    }

    @Test("requests that wait for it end when it cannot be loaded, and later ones are told why")
    func cannotLoad() async throws {
        struct Trouble: Error, CustomStringConvertible { let description = "the disk is on fire" }
        let gate = Gate(isOpen: false)
        let rig = ServingRig(
            source: ScriptedSource { step, _ in
                if step == .fetch {
                    await gate.pass()
                    throw Trouble()
                }
            })
        rig.service.apply([ServingRig.assignment(1, Self.onDemand)])
        let tasks = (0..<5).map { _ in Task { try await rig.ask(ServingRig.request([1])) } }
        await gate.waitForArrivals(1)
        gate.open()
        for task in tasks {
            let error = await expectServingError(.notReady) { _ = try await task.value }
            #expect(error?.message.contains("the disk is on fire") == true)
        }
    }

    @Test("requests that wait for it end when the endpoint is undeployed, cancelled or too late")
    func waitingEnds() async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(source: ScriptedSource { step, _ in if step == .fetch { await gate.pass() } })
        rig.service.apply([ServingRig.assignment(1, Self.onDemand)])
        let (cancelled, left) = (try ServingRig.request(), try ServingRig.request())
        let tasks = [cancelled, left].map { request in Task { try await rig.ask(request) } }
        await gate.waitForArrivals(1)
        await expectServingError(.deadlineExceeded) {
            _ = try await rig.service.infer(ServingRig.request(deadline: .now + .milliseconds(20)))
        }
        cancelled.cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await tasks[0].value }
        rig.service.apply([])
        await expectServingError(.unknownEndpoint) { _ = try await tasks[1].value }
        gate.open()
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    // MARK: - Eviction

    @Test("one makes room for another, and comes back when it is asked for")
    func evicted() async throws {
        let rig = ServingRig(memory: Self.load + 500)
        rig.service.apply([
            ServingRig.assignment(1, endpoint: "e", Self.onDemand),
            ServingRig.assignment(2, endpoint: "f", Self.onDemand),
        ])
        for round in 1...3 {
            #expect(try await rig.ask(ServingRig.request([1], endpoint: "e")) == [2])
            #expect(rig.engine.tally.counts.loaded == 2 * round - 1)
            #expect(try await rig.ask(ServingRig.request([1], endpoint: "f")) == [3])
            #expect(rig.engine.tally.counts.alive == 1)
            #expect(rig.status("e")?.state == "cold")
            #expect(rig.status("f")?.state == "ready")
        }
    }

    @Test("a pinned one makes no room; what does not fit beside it is refused")
    func pinned() async throws {
        let rig = ServingRig(memory: Self.load + 500)
        let pinned = ServingRig.assignment(1, endpoint: "e") { $0.lifecycle.isPinned = true }
        rig.service.apply([pinned])
        await rig.until { rig.status("e")?.serving != nil }
        rig.service.apply([pinned, ServingRig.assignment(2, endpoint: "f")])
        await rig.until { rig.status("f")?.state == "failed" }
        let error = await expectServingError(.outOfMemory) {
            _ = try await rig.ask(ServingRig.request([1], endpoint: "f"))
        }
        #expect(error?.category == .outOfResources)
        #expect(try await rig.ask(ServingRig.request([1], endpoint: "e")) == [2])
    }

    @Test("one that will never fit is refused, also to those who waited for it")
    func refused() async throws {
        let rig = ServingRig(memory: 1000)
        rig.service.apply([ServingRig.assignment(1, Self.onDemand)])
        for _ in 0..<2 {
            let error = await expectServingError(.outOfMemory) { _ = try await rig.ask(ServingRig.request([1])) }
            #expect(error?.category == .outOfResources)
        }
        #expect(rig.engine.tally.counts.loaded == 0)
    }

    @Test("a new version that does not fit beside the one that answers leaves that one alone")
    func swap() async throws {
        let rig = ServingRig(memory: Self.load + 500)
        await rig.serve(1)
        rig.service.apply([ServingRig.assignment(2)])
        await rig.until { rig.status()?.state == "failed" }
        #expect(rig.status()?.serving?.number == 1)
        #expect(try await rig.ask(ServingRig.request([1])) == [2])
    }

    @Test("a version kept for a rollback makes room for a new one of its own endpoint")
    func standby() async throws {
        let rig = ServingRig(memory: Self.load + 1500)
        for number in 1...3 {
            await rig.serve(number) { $0.lifecycle.rollbackWindowSeconds = 600 }
            #expect(try await rig.ask(ServingRig.request([1])) == [Float(number) + 1])
        }
        #expect(rig.engine.tally.counts.alive == 2)
    }

    @Test("where memory comes first, the old version is gone before the new one is loaded, and requests wait")
    func resource() async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(
            source: ScriptedSource { step, version in
                if step == .fetch, version.number == 2 { await gate.pass() }
            }, memory: Self.load + 500)
        let resource: @Sendable (inout EndpointSpec) -> Void = { $0.lifecycle.policy = .resource }
        await rig.serve(1, resource)
        rig.service.apply([ServingRig.assignment(2, resource)])
        let waiting = Task { try await rig.ask(ServingRig.request([1])) }
        await gate.waitForArrivals(1)
        #expect(rig.engine.tally.counts.alive == 0)
        gate.open()
        #expect(try await waiting.value == [3])
        let news = rig.events.map { "\($0.version.number) \($0.state.name)" }
        let gone = try #require(news.firstIndex(of: "1 unloaded"))
        #expect(gone < news.firstIndex(of: "2 resolving") ?? 0)
    }

    // MARK: - Idle

    @Test("one that nobody asks for is unloaded in time, and comes back when it is asked for")
    func idle() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.lifecycle.idleUnloadSeconds = 60 }
        #expect(try await rig.ask(ServingRig.request([1])) == [2])
        rig.service.tick(now: .now + .seconds(30))
        #expect(rig.status()?.state == "ready")
        rig.service.tick(now: .now + .seconds(61))
        await rig.until { rig.engine.tally.counts.alive == 0 }
        #expect(rig.status()?.state == "cold")
        #expect(rig.service.isReady)
        #expect(try await rig.ask(ServingRig.request([1])) == [2])
        #expect(rig.engine.tally.counts.loaded == 2)
    }

    @Test("one in use is not unloaded as idle; nor does it stay for ever because it was in use at some time")
    func inUse() async throws {
        let rig = ServingRig()
        let idle = ServingRig.assignment(1, endpoint: "e") { $0.lifecycle.idleUnloadSeconds = 20 }
        rig.service.apply([idle])
        await rig.until { rig.status("e")?.serving != nil }
        let held = await rig.hold(try ServingRig.request([1], endpoint: "e"))
        rig.service.tick(now: .now + .seconds(21))
        #expect(rig.status("e")?.state == "ready")
        // Another load looks at who uses what.
        rig.service.apply([
            idle, ServingRig.assignment(2, endpoint: "f") { $0.lifecycle.warmUp = LifecycleSpec.WarmUp.none },
        ])
        await rig.until { rig.status("f")?.serving != nil }
        rig.gate.open()
        #expect(try await held.value == [2])
        rig.service.tick(now: .now + .seconds(21))
        await rig.until { rig.status("e")?.state == "cold" }
        #expect(rig.status("f")?.state == "ready")
    }
}
