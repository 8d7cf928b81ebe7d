// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoint plan")
struct EndpointPlanTests {
    @Test("the old version answers until the new one is ready")
    func swap() {
        var walk = PlanWalk()
        #expect(walk.desire(1) == ["load 1 of m:1"])
        #expect(walk.plan.active == nil)
        #expect(walk.plan.role(of: 1) == .coming)
        #expect(walk.ready(1) == ["route r1 1:1"])
        #expect(walk.desire(2) == ["load 2 of m:2"])
        #expect(walk.plan.active?.revision == 1)
        #expect(walk.plan.role(of: 1) == .serving)
        #expect(walk.plan.role(of: 2) == .coming)
        #expect(walk.ready(2) == ["route r2 2:2", "retire 1"])
        #expect(walk.plan.role(of: 1) == .leaving)
        #expect(walk.plan.role(of: 2) == .serving)
        #expect(walk.unloaded(1) == [])
        #expect(walk.plan.role(of: 1) == nil)
    }

    @Test("the same wish again does nothing, at any time")
    func repeated() {
        var walk = PlanWalk()
        let wish = ServingRig.assignment(1)
        #expect(walk.desire(nil) == [])
        #expect(walk.desire(wish) == ["load 1 of m:1"])
        #expect(walk.desire(wish) == [])
        _ = walk.ready(1)
        #expect(walk.desire(wish) == [])
        #expect(walk.desire(nil) == ["route none", "retire 1"])
        #expect(walk.desire(nil) == [])
    }

    @Test("a new version that fails leaves the old one answering, and is loaded again by a new revision only")
    func failure() {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        let wish = ServingRig.assignment(2)
        #expect(walk.desire(wish) == ["load 2 of m:2"])
        #expect(walk.failed(2) == [])
        #expect(walk.plan.active?.spec.primary.number == 1)
        #expect(walk.plan.desired?.spec.primary.number == 2)
        #expect(walk.desire(wish) == [])
        #expect(walk.requested() == [])
        #expect(walk.passes(.seconds(3600)) == [])
        #expect(walk.desire(ServingRig.assignment(2, revision: 9)) == ["load 3 of m:2"])
        #expect(walk.ready(3) == ["route r9 2:3", "retire 1"])
    }

    @Test("going back to the version that answers needs no load")
    func back() {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        _ = walk.desire(2)
        #expect(walk.desire(1) == ["route r3 1:1", "retire 2"])
        // It becomes ready all the same, and nobody wants it.
        #expect(walk.ready(2) == [])
        #expect(walk.unloaded(2) == [])
        #expect(walk.plan.active?.revision == 3)
    }

    @Test("a new revision of what is loading or answers loads nothing")
    func sameVersion() {
        var walk = PlanWalk()
        _ = walk.desire(1)
        #expect(walk.desire(1) == [])
        #expect(walk.ready(1) == ["route r2 1:1"])
        #expect(walk.desire(1) == ["route r3 1:1"])
    }

    @Test("the same version is loaded anew where it is to run otherwise")
    func otherInstances() {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        #expect(walk.desire(1, instances: 4) == ["load 2 of m:1"])
        #expect(walk.ready(2) == ["route r2 1:2", "retire 1"])
        #expect(walk.desire(1, instances: 4) { $0.device = "cuda" } == ["load 3 of m:1"])
        #expect(walk.ready(3) == ["route r3 1:3", "retire 2"])
    }

    @Test("of quick wishes only the last is served; late news of the others does nothing")
    func quick() {
        var walk = PlanWalk()
        _ = walk.desire(1)
        #expect(walk.desire(2) == ["retire 1", "load 2 of m:2"])
        #expect(walk.desire(3) == ["retire 2", "load 3 of m:3"])
        #expect(walk.ready(2) == [])
        #expect(walk.failed(1) == [])
        #expect(walk.ready(3) == ["route r3 3:3"])
        #expect(walk.unloaded(2) == [])
        #expect(walk.ready(1) == [])
        #expect(walk.plan.role(of: 1) == nil)
        #expect(walk.plan.role(of: 2) == nil)
    }

    @Test("a version that is going is not what a new wish for it gets")
    func abandoned() {
        var walk = PlanWalk()
        _ = walk.desire(1)
        _ = walk.desire(2)
        #expect(walk.desire(1) == ["retire 2", "load 3 of m:1"])
        #expect(walk.ready(1) == [])
        #expect(walk.ready(3) == ["route r3 1:3"])
    }

    @Test("undeploying retires what answers and what loads, and late news revives nothing")
    func undeploy() {
        var walk = PlanWalk()
        walk.serve(1, load: 1)
        _ = walk.desire(2)
        #expect(walk.desire(nil) == ["route none", "retire 1", "retire 2"])
        #expect(walk.plan.active == nil)
        #expect(walk.requested() == [])
        #expect(walk.ready(2) == [])
        #expect(walk.unloaded(1) == [])
        #expect(walk.unloaded(2) == [])
        #expect((1...2).allSatisfy { walk.plan.role(of: $0) == nil })
    }

    @Test("deploying again while the first load is on its way loads anew")
    func redeploy() {
        var walk = PlanWalk()
        _ = walk.desire(1)
        #expect(walk.desire(nil) == ["retire 1"])
        #expect(walk.desire(1) == ["load 2 of m:1"])
        #expect(walk.unloaded(1) == [])
        #expect(walk.ready(2) == ["route r2 1:2"])
        #expect(!walk.plan.isAwaited)
    }

    @Test("requests do not wait for a version that nobody asked for, but are told that it is not ready")
    func eager() {
        var walk = PlanWalk()
        _ = walk.desire(1)
        #expect(!walk.plan.isAwaited)
        #expect(walk.requested() == [])
        #expect(!walk.plan.isAwaited)
    }
}
