// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("A storm of deploys", .timeLimit(.minutes(5)))
struct DeployStormTests {
    /// How the endpoint of a storm is to be run.
    enum Kind: String, CaseIterable { case plain, windowed, resource, onDemand, tight }

    @Test(
        "1,000 concurrent deploys and undeploys under load: every request ends, nothing leaks, and it works afterwards",
        arguments: Kind.allCases)
    func storm(kind: Kind) async throws {
        // Room for one load and a few models, so that they push one another out.
        let rig = ServingRig(memory: kind == .tight ? (8 << 20) + 2500 : nil)
        let deploys = 10
        let left = Countdown(deploys)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { @concurrent in
                    while !left.isOver { try await Self.ask(rig) }
                }
            }
            for task in 0..<deploys {
                group.addTask { @concurrent in
                    for round in 0..<100 {
                        let number = (task * 7 + round) % 5 + 1
                        let wish = ServingRig.assignment(number, revision: task * 1000 + round) {
                            Self.change(&$0, kind)
                        }
                        rig.service.apply(round % 3 == 2 ? [] : [wish])
                        await Task.yield()
                    }
                    left.end()
                }
            }
            try await group.waitForAll()
        }
        var revision = 100_000
        while rig.status()?.serving?.number != 6 {
            // Where memory is short a load may be refused because of another that has not gone yet.
            revision += 1
            rig.service.apply([ServingRig.assignment(6, revision: revision)])
            await rig.until { rig.status()?.serving?.number == 6 || rig.status()?.state == "failed" }
        }
        #expect(try await rig.ask(ServingRig.request([1])) == [7])
        await rig.until { rig.engine.tally.counts.alive == 1 }
        try rig.expectIdle()
        rig.service.apply([])
        await rig.until { rig.service.isEmpty && rig.engine.tally.counts.alive == 0 }
        let answered = rig.observations.filter { $0.outcome == .success }
        #expect(rig.executions.reduce(0) { $0 + $1.rows } == answered.reduce(0) { $0 + $1.rows })
    }

    private static func change(_ spec: inout EndpointSpec, _ kind: Kind) {
        switch kind {
        case .plain, .tight: break
        case .windowed: spec.lifecycle.rollbackWindowSeconds = 600
        case .resource: spec.lifecycle.policy = .resource
        case .onDemand: spec.lifecycle.loading = .onDemand
        }
    }

    private static func ask(_ rig: ServingRig) async throws {
        do {
            let response = try await rig.service.infer(try ServingRig.request([0]))
            #expect(response.outputs["y"]?.values(as: Float.self) == [Float(response.version)])
        } catch let error as ServingError {
            #expect([.unknownEndpoint, .notReady, .outOfMemory].contains(error.code), "\(error)")
            await Task.yield()
        }
    }
}
