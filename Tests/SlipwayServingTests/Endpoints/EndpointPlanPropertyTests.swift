// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoint plan, whatever happens")
struct EndpointPlanPropertyTests {
    /// What a shell would know of the loads it was told to begin.
    private struct World {
        enum Phase { case loading, ready, failed, leaving }

        var plan = EndpointPlan()
        var now = ContinuousClock.now
        var loads: [Int: (need: LoadNeed, phase: Phase)] = [:]
        var route: EndpointPlan.Routes?

        mutating func carryOut(_ actions: [EndpointPlan.Action]) {
            for action in actions {
                switch action {
                case .load(let id, let need):
                    #expect(loads[id] == nil, "load \(id) is begun twice")
                    let others = loads.values.filter { $0.need == need && [.loading, .ready].contains($0.phase) }
                    #expect(others.isEmpty, "\(need.version) is loaded although it is there")
                    loads[id] = (need, .loading)
                case .retire(let id):
                    let phase = loads[id]?.phase
                    #expect(phase == .loading || phase == .ready, "load \(id) is retired when \(phase as Any)")
                    #expect(route?.loads.values.contains(id) != true, "load \(id) is retired while requests go to it")
                    loads[id]?.phase = .leaving
                case .route(let routes): route = routes
                }
            }
            check()
        }

        private func check() {
            for (version, id) in route?.loads ?? [:] {
                #expect(loads[id]?.phase == .ready, "requests go to load \(id), \(loads[id]?.phase as Any)")
                #expect(loads[id]?.need.version == version)
            }
            if let route {
                #expect(route.assignment == plan.active)
                #expect(route.loads[route.assignment.spec.primary] != nil, "requests go nowhere")
            } else {
                #expect(plan.active == nil)
            }
            // What the plan has forgotten would never be retired.
            for (id, load) in loads where load.phase != .failed { #expect(plan.role(of: id) != nil, "\(id) leaks") }
            if plan.desired == nil || plan.isCold {
                #expect(loads.values.allSatisfy { [.leaving, .failed].contains($0.phase) })
            }
        }

        mutating func desire(_ generator: inout SplitMix64, revision: Int) {
            let wish = ServingRig.assignment(Int.random(in: 1...3, using: &generator), revision: revision) { spec in
                spec.lifecycle.rollbackWindowSeconds = [0, 10, nil].randomElement(using: &generator) ?? nil
                spec.lifecycle.loading = Bool.random(using: &generator) ? .onDemand : .eager
                spec.lifecycle.policy = Int.random(in: 0..<4, using: &generator) == 0 ? .resource : nil
                let other = ServingRig.version(Int.random(in: 1...4, using: &generator))
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: spec.canaries = [Canary(version: other, share: .none)]
                case 1: spec.shadows = [Shadow(version: other)]
                default: break
                }
            }
            carryOut(plan.desire(wish, now: now))
        }

        /// Something becomes of a load.
        mutating func news(_ generator: inout SplitMix64) {
            let open = loads.filter { [.loading, .leaving].contains($0.value.phase) }.keys.sorted()
            guard let id = open.randomElement(using: &generator), let phase = loads[id]?.phase else { return }
            switch (phase, Int.random(in: 0..<3, using: &generator)) {
            case (.loading, 0):
                loads[id]?.phase = .failed
                carryOut(plan.failed(id, now: now))
            case (.loading, _):
                loads[id]?.phase = .ready
                carryOut(plan.becameReady(id, now: now))
            case (_, 0):
                // Its load was on its way when it was retired, and ends first.
                carryOut(plan.becameReady(id, now: now))
            default:
                loads[id] = nil
                let fails = Bool.random(using: &generator)
                carryOut(fails ? plan.failed(id, now: now) : plan.unloaded(id, now: now))
            }
        }
    }

    @Test(
        "no version is loaded twice, requests go to ready versions only, and in the end nothing is left",
        arguments: 1...200 as ClosedRange<UInt64>)
    func randomWalk(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var world = World()
        for step in 1...150 {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...1: world.desire(&generator, revision: step)
            case 2: world.carryOut(world.plan.requested(now: world.now))
            case 3: world.carryOut(world.plan.evict(now: world.now))
            case 4: world.carryOut(world.plan.dropStandby(now: world.now))
            case 5:
                world.now += .seconds(Int.random(in: 1...8, using: &generator))
                world.carryOut(world.plan.tick(now: world.now))
            case 6 where Bool.random(using: &generator): world.carryOut(world.plan.desire(nil, now: world.now))
            default: world.news(&generator)
            }
        }
        // Left alone, whatever is wanted comes and the rest goes.
        world.carryOut(world.plan.desire(nil, now: world.now))
        #expect(world.route == nil)
        for (id, load) in world.loads where load.phase != .failed {
            #expect(load.phase == .leaving)
            world.loads[id] = nil
            world.carryOut(world.plan.unloaded(id, now: world.now))
        }
        #expect(world.plan.nextTick == nil)
        #expect(world.loads.keys.allSatisfy { world.plan.role(of: $0) == nil })
        world.carryOut(world.plan.desire(ServingRig.assignment(1, revision: 1000), now: world.now))
        #expect(world.loads.values.contains { $0.phase == .loading })
    }
}
