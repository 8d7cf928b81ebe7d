// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Traffic to several versions", .timeLimit(.minutes(2)))
struct TrafficTests {
    private static func canary(_ basisPoints: Int) throws -> Canary {
        Canary(version: ServingRig.version(2), share: try #require(Share(basisPoints: basisPoints)))
    }

    /// A rig in which version 1 answers and all others of `change` are ready.
    private func rig(_ change: (inout EndpointSpec) -> Void) async -> ServingRig {
        let rig = ServingRig()
        await rig.serve(1, change)
        await rig.until { rig.status()?.versions.allSatisfy { $0.state == "ready" } == true }
        return rig
    }

    @Test("a canary gets its share")
    func share() async throws {
        let canary = try Self.canary(1000)
        let rig = await rig { $0.canaries = [canary] }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { @concurrent in
                    for _ in 0..<250 {
                        let response = try await rig.service.infer(try ServingRig.request([0]))
                        #expect(response.route == (response.version == 2 ? .canary : .primary))
                        #expect(response.outputs["y"]?.values(as: Float.self) == [Float(response.version)])
                    }
                }
            }
            try await group.waitForAll()
        }
        let taken = rig.observations.count { $0.version == 2 }
        // 2,000 draws of a tenth: 200, with a standard deviation of 13.4. Six of them are exceeded once in 10^8 runs.
        #expect(abs(taken - 200) <= 81)
        #expect(rig.observations.count { $0.route == .canary } == taken)
    }

    @Test(
        "a sticky caller keeps its version, and callers are divided", arguments: ["client", "header:user", "cookie:id"])
    func sticky(key: String) async throws {
        let canary = try Self.canary(5000)
        let rig = await rig { spec in
            spec.canaries = [canary]
            spec.sticky = StickyKey(key)
        }
        var versions: [Int] = []
        for number in 0..<60 {
            let caller = Caller(identity: key == "client" ? "\(number)" : "") { name in
                switch name {
                case "user": "\(number)"
                case "cookie": "a=b; id=\(number)"
                default: nil
                }
            }
            var seen: Set<Int> = []
            for _ in 0..<4 { seen.insert(try await rig.service.infer(ServingRig.request([0], caller: caller)).version) }
            #expect(seen.count == 1)
            versions += seen
        }
        // The hash is the same in every run: this holds always or never.
        #expect(Set(versions) == [1, 2])
    }

    @Test("a header's rule counts before any share")
    func rules() async throws {
        let rig = await rig {
            $0.rules = [HeaderRule(header: "group", value: "beta", version: ServingRig.version(2))]
        }
        let beta = Caller { $0 == "group" ? "beta" : nil }
        let response = try await rig.service.infer(ServingRig.request([0], caller: beta))
        #expect(response.version == 2)
        #expect(response.route == .rule)
        #expect(try await rig.service.infer(ServingRig.request([0])).version == 1)
    }

    @Test("a version asked for by number answers whatever the shares")
    func direct() async throws {
        let canary = try Self.canary(0)
        let rig = await rig { $0.canaries = [canary] }
        for number in [1, 2] {
            let response = try await rig.service.infer(ServingRig.request(version: number))
            #expect(response.version == number)
            #expect(response.route == .direct)
        }
        await expectServingError(.unknownVersion) { _ = try await rig.service.infer(ServingRig.request(version: 3)) }
    }

    @Test("a canary that is not ready costs nobody an answer")
    func notReady() async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(
            source: ScriptedSource { step, version in
                if step == .fetch, version.number == 2 { await gate.pass() }
            })
        let canary = try Self.canary(10_000)
        await rig.serve(1) { $0.canaries = [canary] }
        await gate.waitForArrivals(1)
        for _ in 0..<10 {
            let response = try await rig.service.infer(ServingRig.request())
            #expect(response.version == 1)
            #expect(response.route == .primary)
        }
        gate.open()
        await rig.until { rig.status()?.versions.allSatisfy { $0.state == "ready" } == true }
        #expect(try await rig.service.infer(ServingRig.request()).version == 2)
    }

    @Test("a canary that cannot be loaded costs nobody an answer, and status tells why")
    func failed() async throws {
        struct Trouble: Error {}
        let rig = ServingRig(
            source: ScriptedSource { step, version in
                if step == .fetch, version.number == 2 { throw Trouble() }
            })
        let canary = try Self.canary(10_000)
        await rig.serve(1) { $0.canaries = [canary] }
        await rig.until { rig.status()?.versions.contains { $0.state == "failed" } == true }
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        let status = try #require(rig.status())
        #expect(status.state == "ready")
        #expect(status.versions.map(\.version.number) == [1, 2])
        #expect(status.versions.last?.message?.contains("fetch of m:2 failed") == true)
    }

    @Test("status tells the shares, those that answer first")
    func status() async throws {
        let canary = try Self.canary(1250)
        let rig = await rig { spec in
            spec.canaries = [canary]
            spec.shadows = [Shadow(version: ServingRig.version(3))]
        }
        #expect(rig.status()?.versions.map(\.route) == ["primary 87.5%", "canary 12.5%", "shadow 100%"])
    }

    @Test("no request is lost while shares grow, canaries are promoted and revisions rolled back")
    func promotion() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let rollout = Countdown(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { @concurrent in
                    while !rollout.isOver {
                        let response = try await rig.service.infer(try ServingRig.request([0]))
                        #expect(response.outputs["y"]?.values(as: Float.self) == [Float(response.version)])
                    }
                }
            }
            group.addTask { @concurrent in
                defer { rollout.end() }
                for round in 1...15 {
                    let next = ServingRig.version(round + 1)
                    for (index, percent) in [10.0, 50, 100].enumerated() {
                        let share = try #require(Share(percent: percent))
                        let wish = ServingRig.assignment(round, revision: round * 10 + index) { spec in
                            spec.canaries = [Canary(version: next, share: share)]
                            spec.lifecycle.rollbackWindowSeconds = round % 2 == 0 ? 60 : 0
                        }
                        rig.service.apply([wish])
                        let seen = rig.observations.count
                        await rig.until { rig.observations.count >= seen + 10 }
                    }
                    await rig.serve(round + 1, revision: round * 10 + 5)
                    if round % 5 == 0 {
                        await rig.serve(round, revision: round * 10 + 6)
                        await rig.serve(round + 1, revision: round * 10 + 7)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(rig.observations.allSatisfy { $0.outcome == .success })
        #expect(rig.observations.contains { $0.route == .canary })
        rig.service.apply([])
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
    }
}
