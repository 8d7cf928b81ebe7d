// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoint plan with several versions")
struct EndpointPlanTrafficTests {
    /// A way to make version 2 part of an endpoint.
    struct Part: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let add: @Sendable (inout EndpointSpec) -> Void

        static let all = [
            Part(testDescription: "canary") { spec in
                spec.canaries = [Canary(version: ServingRig.version(2), share: .none)]
            },
            Part(testDescription: "rule") { spec in
                spec.rules = [HeaderRule(header: "h", value: nil, version: ServingRig.version(2))]
            },
            Part(testDescription: "shadow") { $0.shadows = [Shadow(version: ServingRig.version(2))] },
        ]
    }

    @Test("the revision is in force at once, the other version as soon as it is ready", arguments: Part.all)
    func added(part: Part) {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        #expect(walk.desire(1, part.add) == ["route r2 1:1", "load 2 of m:2"])
        #expect(walk.plan.role(of: 2) == .serving)
        #expect(walk.ready(2) == ["route r2 1:1 2:2"])
        #expect(walk.desire(1) == ["route r3 1:1", "retire 2"])
    }

    @Test("one that fails changes nothing, and is tried again by a new revision", arguments: Part.all)
    func fails(part: Part) {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        _ = walk.desire(1, part.add)
        #expect(walk.failed(2) == [])
        #expect(walk.requested() == [])
        #expect(walk.plan.active?.revision == 2)
        #expect(walk.desire(1, part.add) == ["route r3 1:1", "load 3 of m:2"])
        #expect(walk.ready(3) == ["route r3 1:1 2:3"])
    }

    @Test("deployed together, requests are answered from the primary's readiness on", arguments: Part.all)
    func together(part: Part) {
        var walk = PlanWalk()
        #expect(walk.desire(1, part.add) == ["load 1 of m:1", "load 2 of m:2"])
        #expect(walk.ready(2) == [])
        #expect(walk.plan.active == nil)
        #expect(walk.ready(1) == ["route r1 1:1 2:2"])
    }

    @Test("promoting a canary loads nothing and retires the old primary")
    func promote() throws {
        var walk = PlanWalk()
        let canary = Canary(version: ServingRig.version(2), share: try #require(Share(percent: 10)))
        walk.serve(1, load: 1) { $0.canaries = [canary] }
        _ = walk.ready(2)
        #expect(walk.desire(2) == ["route r2 2:2", "retire 1"])
    }

    @Test("promoting a canary that is not ready keeps the old primary, and the canary's load")
    func promoteEarly() {
        var walk = PlanWalk()
        walk.serve(1, load: 1) { $0.canaries = [Canary(version: ServingRig.version(2), share: .none)] }
        #expect(walk.desire(2) == [])
        #expect(walk.plan.active?.revision == 1)
        #expect(walk.ready(2) == ["route r2 2:2", "retire 1"])
    }

    @Test("while a new primary loads, the old revision keeps its canary")
    func canaryStays() {
        var walk = PlanWalk()
        walk.serve(1, load: 1) { $0.canaries = [Canary(version: ServingRig.version(2), share: .all)] }
        _ = walk.ready(2)
        #expect(walk.desire(3) == ["load 3 of m:3"])
        #expect(walk.plan.role(of: 2) == .serving)
        #expect(walk.ready(3) == ["route r2 3:3", "retire 1", "retire 2"])
    }
}
