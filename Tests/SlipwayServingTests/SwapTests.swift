// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Synchronization
import Testing

@Suite("Changing versions", .timeLimit(.minutes(4)))
struct SwapTests {
    @Test("no request fails while versions change under load, and each gets a version's own answer")
    func underLoad() async throws {
        let rig = ServingRig()
        await rig.serve(1, instances: 2)
        let swaps = 40
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { @concurrent in
                    var newest = 0
                    var count = 0
                    while !load.isOver || count < 400 {
                        let response = try await rig.service.infer(try ServingRig.request())
                        #expect(response.outputs["y"]?.values(as: Float.self) == [Float(response.version)])
                        #expect(response.version >= newest, "an answer of a version that was replaced before")
                        newest = response.version
                        count += 1
                    }
                    load.answered(count)
                }
            }
            group.addTask { @concurrent in
                for version in 2...(swaps + 1) {
                    // A few requests between two swaps, so that each version answers some.
                    let seen = rig.observations.count
                    await rig.serve(version, instances: 1 + version % 3)
                    await rig.until { rig.observations.count >= seen + 20 }
                }
                load.end()
            }
            try await group.waitForAll()
        }
        let count = load.answers
        #expect(count >= 3200)
        #expect(rig.observations.count == count)
        #expect(rig.observations.allSatisfy { $0.outcome == .success })
        #expect(Set(rig.observations.compactMap(\.version)).count > swaps / 2)
        await rig.until { rig.engine.tally.counts.alive == 1 }
        #expect(rig.engine.tally.counts.loaded == swaps + 1)
        try rig.expectIdle()
    }

    @Test("whatever is wished for in quick succession by several at once, one version is left and answers")
    func quickWishes() async throws {
        for round in 0..<30 {
            let rig = ServingRig()
            let service = rig.service
            await withTaskGroup(of: Void.self) { group in
                for number in 1...6 {
                    group.addTask { @concurrent in
                        service.apply([ServingRig.assignment(number, revision: round)])
                        if number % 3 == 0 { service.apply([]) }
                        _ = try? await service.infer(ServingRig.request())
                    }
                }
            }
            await rig.serve(9, revision: 1000)
            #expect(try await service.infer(ServingRig.request()).version == 9)
            await rig.until { rig.engine.tally.counts.alive == 1 }
            service.retireAll()
            await rig.until { service.isEmpty && rig.engine.tally.counts.alive == 0 }
        }
    }

    @Test("an endpoint that is deployed and undeployed under load answers, or says it is not there")
    func undeployUnderLoad() async throws {
        let rig = ServingRig()
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { @concurrent in
                    while !load.isOver {
                        do {
                            _ = try await rig.service.infer(try ServingRig.request())
                        } catch let error as ServingError {
                            #expect([.unknownEndpoint, .notReady].contains(error.code))
                            await Task.yield()
                        }
                    }
                }
            }
            group.addTask { @concurrent in
                for version in 1...30 {
                    await rig.serve(version)
                    rig.service.apply([])
                }
                load.end()
            }
            try await group.waitForAll()
        }
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    @Test("a retired version answers what it accepted, is then unloaded, and gives its memory back")
    func drain() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        weak let old = try rig.service.endpoint("e").version(nil)
        #expect(old != nil)
        rig.gate.close()
        let requests = try (0..<3).map { _ in try ServingRig.request() }
        let tasks = requests.map { request in Task { try await rig.service.infer(request).version } }
        await rig.gate.waitForArrivals(1)
        // All three have their lease: the two that wait, too.
        await rig.until { old?.inFlight == 3 }
        // The gate stops the new version's warm-up, too.
        let second = Task { await rig.serve(2) }
        await rig.gate.waitForArrivals(2)
        #expect(rig.engine.tally.counts.alive == 2)
        rig.gate.open()
        await second.value
        for task in tasks { #expect(try await task.value == 1) }
        await rig.until { rig.engine.tally.counts.alive == 1 }
        await rig.until { old == nil }
        await rig.until { rig.events.contains { $0.version.number == 1 && $0.state == .unloaded } }
        let names = rig.events.filter { $0.version.number == 1 }.map(\.state.name)
        #expect(
            names == [
                "resolving", "fetching", "verifying", "loading", "warming-up", "ready", "draining", "unloading",
                "unloaded",
            ])
        #expect(try await rig.service.infer(ServingRig.request()).version == 2)
    }

    @Test("a version is not unloaded while its last request runs")
    func lastRequest() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        rig.gate.close()
        let request = try ServingRig.request()
        let running = Task { try await rig.service.infer(request).version }
        await rig.gate.waitForArrivals(1)
        rig.service.apply([])
        await rig.until { rig.events.last?.state == .draining }
        await expectServingError(.unknownEndpoint) { _ = try await rig.service.infer(ServingRig.request()) }
        #expect(!rig.service.isEmpty)
        #expect(rig.engine.tally.counts.alive == 1)
        rig.gate.open()
        #expect(try await running.value == 1)
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    @Test("a version is not unloaded under a call whose request was cancelled")
    func abandonedCall() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        rig.gate.close()
        let request = try ServingRig.request()
        let running = Task { try await rig.service.infer(request).version }
        await rig.gate.waitForArrivals(1)
        request.cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await running.value }
        rig.service.apply([])
        await rig.until { rig.events.last?.state == .unloading }
        #expect(rig.engine.tally.counts.alive == 1)
        rig.gate.open()
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }

    @Test("draining answers requests but is not ready, and wishes come too late")
    func draining() async throws {
        let rig = ServingRig()
        #expect(rig.service.isReady)
        await rig.serve(1)
        #expect(rig.service.isReady)
        rig.service.beginDraining()
        #expect(!rig.service.isReady)
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        rig.service.apply([ServingRig.assignment(2)])
        #expect(rig.status()?.wanted?.number == 1)
        rig.service.retireAll()
        await rig.until { rig.service.isEmpty }
        await expectServingError(.unknownEndpoint) { _ = try await rig.service.infer(ServingRig.request()) }
    }
}

/// What the tasks that ask and the task that changes versions tell each other.
private final class Load: Sendable {
    private let state = Mutex((isOver: false, answers: 0))

    var isOver: Bool { state.withLock { $0.isOver } }
    var answers: Int { state.withLock { $0.answers } }
    func end() { state.withLock { $0.isOver = true } }
    func answered(_ count: Int) { state.withLock { $0.answers += count } }
}
