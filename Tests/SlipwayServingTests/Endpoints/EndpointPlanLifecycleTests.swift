// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoint plan by lifecycle")
struct EndpointPlanLifecycleTests {
    private static func windowed(_ spec: inout EndpointSpec) { spec.lifecycle.rollbackWindowSeconds = 60 }
    private static func resource(_ spec: inout EndpointSpec) { spec.lifecycle.policy = .resource }
    private static func onDemand(_ spec: inout EndpointSpec) { spec.lifecycle.loading = .onDemand }

    // MARK: - Rollback

    @Test("a rollback within the window finds the old version ready")
    func rollback() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        _ = walk.desire(2, Self.windowed)
        #expect(walk.ready(2) == ["route r2 2:2"])
        #expect(walk.plan.role(of: 1) == .standby)
        #expect(walk.plan.nextTick == walk.now + .seconds(60))
        #expect(walk.passes(.seconds(59)) == [])
        #expect(walk.desire(1, Self.windowed) == ["route r3 1:1"])
        #expect(walk.plan.role(of: 1) == .serving)
        // And forward again: the window counts from the rollback.
        #expect(walk.plan.role(of: 2) == .standby)
        #expect(walk.passes(.seconds(59)) == [])
        #expect(walk.desire(2, Self.windowed) == ["route r4 2:2"])
    }

    @Test("when the window is over the old version goes")
    func windowOver() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        #expect(walk.passes(.seconds(60)) == ["retire 1"])
        #expect(walk.plan.nextTick == nil)
        #expect(walk.passes(.seconds(60)) == [])
        #expect(walk.desire(1, Self.windowed) == ["load 3 of m:1"])
    }

    @Test("where nobody says, the window is ten minutes")
    func usualWindow() {
        var walk = PlanWalk()
        walk.serve(1, load: 1) { $0.lifecycle.rollbackWindowSeconds = nil }
        walk.serve(2, load: 2) { $0.lifecycle.rollbackWindowSeconds = nil }
        #expect(walk.passes(.seconds(599)) == [])
        #expect(walk.passes(.seconds(1)) == ["retire 1"])
    }

    @Test("only the revision before the one in force is kept")
    func onlyPrevious() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        _ = walk.desire(3, Self.windowed)
        #expect(walk.plan.role(of: 1) == .standby)
        #expect(walk.ready(3) == ["route r3 3:3", "retire 1"])
        #expect(walk.plan.role(of: 2) == .standby)
    }

    @Test("a new version that fails does not cost the version kept for a rollback")
    func failureKeepsStandby() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        _ = walk.desire(3, Self.windowed)
        #expect(walk.failed(3) == [])
        #expect(walk.desire(1, Self.windowed) == ["route r4 1:1"])
    }

    @Test("a revision of the same versions keeps what is kept for a rollback")
    func settingsKeepStandby() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        #expect(walk.desire(2, Self.windowed) == ["route r3 2:2"])
        #expect(walk.plan.role(of: 1) == .standby)
    }

    @Test("what is kept for a rollback goes when its memory is wanted, what answers stays")
    func dropStandby() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        #expect(walk.dropStandby() == ["retire 1"])
        #expect(walk.dropStandby() == [])
        #expect(walk.plan.role(of: 2) == .serving)
    }

    @Test("undeploying waits for no window")
    func undeploy() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        #expect(walk.desire(nil) == ["route none", "retire 1", "retire 2"])
        #expect(walk.plan.nextTick == nil)
    }

    // MARK: - Memory before availability

    @Test("where memory is short the old version goes first, and the new one comes when it is gone")
    func resourceSwap() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.resource)
        #expect(walk.desire(2, Self.resource) == ["route none", "retire 1"])
        #expect(walk.plan.isAwaited)
        #expect(walk.unloaded(1) == ["load 2 of m:2"])
        #expect(walk.plan.isAwaited)
        #expect(walk.ready(2) == ["route r2 2:2"])
        #expect(!walk.plan.isAwaited)
    }

    @Test("where memory is short nothing is kept for a rollback, whatever the window")
    func resourceWindow() {
        var walk = PlanWalk()
        let change = { (spec: inout EndpointSpec) in
            Self.windowed(&spec)
            Self.resource(&spec)
        }
        walk.serve(1, load: 1, change)
        #expect(walk.desire(2, change) == ["route none", "retire 1"])
        #expect(walk.plan.nextTick == nil)
    }

    @Test("where memory is short, a new revision of the same version still retires nothing")
    func resourceSettings() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.resource)
        #expect(walk.desire(1, Self.resource) == ["route r2 1:1"])
    }

    @Test("where memory is short, nobody waits for a version that failed")
    func resourceFailure() {
        var walk = PlanWalk()
        walk.serve(1, load: 1, Self.resource)
        _ = walk.desire(2, Self.resource)
        _ = walk.unloaded(1)
        #expect(walk.failed(2) == [])
        #expect(!walk.plan.isAwaited)
        #expect(walk.requested() == [])
    }

    // MARK: - On demand

    @Test("on demand, nothing is loaded before somebody asks, and requests wait")
    func onDemand() {
        var walk = PlanWalk()
        #expect(walk.desire(1, Self.onDemand) == [])
        #expect(walk.plan.isCold)
        #expect(walk.requested() == ["load 1 of m:1"])
        #expect(!walk.plan.isCold)
        #expect(walk.plan.isAwaited)
        #expect(walk.requested() == [])
        #expect(walk.ready(1) == ["route r1 1:1"])
        #expect(!walk.plan.isAwaited)
    }

    @Test("on demand, a new version of an endpoint in use is loaded at once")
    func onDemandSwap() {
        var walk = PlanWalk()
        _ = walk.desire(1, Self.onDemand)
        _ = walk.requested()
        _ = walk.ready(1)
        #expect(walk.desire(2, Self.onDemand) == ["load 2 of m:2"])
        #expect(walk.ready(2) == ["route r2 2:2", "retire 1"])
    }

    @Test("on demand, a load that failed is tried again by a request after five seconds")
    func retry() {
        var walk = PlanWalk()
        _ = walk.desire(1, Self.onDemand)
        _ = walk.requested()
        #expect(walk.failed(1) == [])
        #expect(!walk.plan.isAwaited)
        #expect(walk.passes(.seconds(4)) == [])
        #expect(walk.requested() == [])
        #expect(walk.passes(.seconds(1)) == [])
        #expect(walk.requested() == ["load 2 of m:1"])
        #expect(walk.plan.isAwaited)
        #expect(walk.ready(2) == ["route r1 1:2"])
    }

    @Test("what was evicted is loaded again by a request, also where it was loaded at once before")
    func evicted() {
        for change in [Self.onDemand, { _ in }] {
            var walk = PlanWalk()
            _ = walk.desire(1, change)
            _ = walk.requested()
            _ = walk.ready(1)
            #expect(walk.evict() == ["route none", "retire 1"])
            #expect(walk.plan.isCold)
            #expect(walk.evict() == [])
            // The old one is still going.
            #expect(walk.requested() == ["load 2 of m:1"])
            #expect(walk.plan.isAwaited)
            #expect(walk.ready(2) == ["route r1 1:2"])
        }
    }

    @Test("evicting takes what is kept for a rollback, too, and of an undeployed endpoint nothing")
    func evictsStandby() {
        var walk = PlanWalk()
        #expect(walk.evict() == [])
        #expect(!walk.plan.isCold)
        walk.serve(1, load: 1, Self.windowed)
        walk.serve(2, load: 2, Self.windowed)
        #expect(walk.evict() == ["route none", "retire 1", "retire 2"])
    }
}
