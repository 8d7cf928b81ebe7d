// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Endpoint plan")
struct EndpointPlanTests {
    private func wish(_ number: Int, _ revision: Int? = nil, instances: Int? = nil) -> EndpointAssignment {
        ServingRig.assignment(number, revision: revision, instances: instances)
    }

    @Test("the old version serves until the new one is ready")
    func swap() {
        var plan = EndpointPlan()
        #expect(plan.desire(wish(1)) == [.load(1, wish(1))])
        #expect(plan.servingLoad == nil)
        #expect(plan.becameReady(1) == [.serve(1)])
        #expect(plan.desire(wish(2)) == [.load(2, wish(2))])
        #expect(plan.servingLoad == 1)
        #expect(plan.pendingLoad == 2)
        #expect(plan.becameReady(2) == [.serve(2), .retire(1)])
        #expect(plan.servingLoad == 2)
        #expect(plan.pendingLoad == nil)
    }

    @Test("the same wish again does nothing, at any time")
    func repeated() {
        var plan = EndpointPlan()
        #expect(plan.desire(nil) == [])
        _ = plan.desire(wish(1))
        #expect(plan.desire(wish(1)) == [])
        _ = plan.becameReady(1)
        #expect(plan.desire(wish(1)) == [])
        _ = plan.desire(nil)
        #expect(plan.desire(nil) == [])
    }

    @Test("a new version that fails leaves the old one serving")
    func failure() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1))
        _ = plan.becameReady(1)
        _ = plan.desire(wish(2))
        #expect(plan.failed(2) == [])
        #expect(plan.servingLoad == 1)
        #expect(plan.pendingLoad == nil)
        // Reading the same wish again is no reason to try again, a new revision is.
        #expect(plan.desire(wish(2)) == [])
        #expect(plan.desire(wish(2, 3)) == [.load(3, wish(2, 3))])
    }

    @Test("going back to the serving version needs no load")
    func back() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1))
        _ = plan.becameReady(1)
        _ = plan.desire(wish(2))
        #expect(plan.desire(wish(1, 3)) == [.retire(2)])
        #expect(plan.servingLoad == 1)
        #expect(plan.pendingLoad == nil)
        #expect(plan.becameReady(2) == [.retire(2)])
        #expect(plan.servingLoad == 1)
    }

    @Test("a new revision of what is loading or serving loads nothing")
    func sameVersion() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1, 1))
        #expect(plan.desire(wish(1, 2)) == [])
        #expect(plan.becameReady(1) == [.serve(1)])
        #expect(plan.desire(wish(1, 3)) == [])
        #expect(plan.desired?.revision == 3)
    }

    @Test("the same version with another number of instances is loaded anew")
    func otherInstances() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1, 1))
        _ = plan.becameReady(1)
        #expect(plan.desire(wish(1, 2, instances: 4)) == [.load(2, wish(1, 2, instances: 4))])
        #expect(plan.becameReady(2) == [.serve(2), .retire(1)])
    }

    @Test("of quick wishes only the last is served; late news of the others does nothing")
    func quick() {
        var plan = EndpointPlan()
        #expect(plan.desire(wish(1)) == [.load(1, wish(1))])
        #expect(plan.desire(wish(2)) == [.retire(1), .load(2, wish(2))])
        #expect(plan.desire(wish(3)) == [.retire(2), .load(3, wish(3))])
        #expect(plan.becameReady(2) == [.retire(2)])
        #expect(plan.failed(1) == [])
        #expect(plan.pendingLoad == 3)
        #expect(plan.becameReady(3) == [.serve(3)])
        #expect(plan.becameReady(1) == [.retire(1)])
        #expect(plan.failed(3) == [])
        #expect(plan.servingLoad == 3)
    }

    @Test("undeploying retires what serves and what loads, and late news revives nothing")
    func undeploy() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1))
        _ = plan.becameReady(1)
        _ = plan.desire(wish(2))
        #expect(plan.desire(nil) == [.retire(2), .retire(1), .close])
        #expect(plan.servingLoad == nil)
        #expect(plan.becameReady(2) == [.retire(2)])
        #expect(plan.servingLoad == nil)
    }

    @Test("deploying the same version after undeploying loads it anew")
    func redeploy() {
        var plan = EndpointPlan()
        _ = plan.desire(wish(1, 1))
        _ = plan.becameReady(1)
        _ = plan.desire(nil)
        #expect(plan.desire(wish(1, 3)) == [.load(2, wish(1, 3))])
        #expect(plan.becameReady(2) == [.serve(2)])
    }

    @Test("whatever comes in whatever order: one load serves at the most, and no other stays in memory")
    func randomWalk() {
        var generator = SplitMix(state: 7)
        for _ in 0..<500 {
            var plan = EndpointPlan()
            var loading: Set<Int> = []
            var inMemory: Set<Int> = []
            var retired: [Int: Int] = [:]
            for step in 1...60 {
                let actions: [EndpointPlan.Action]
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: actions = plan.desire(wish(Int.random(in: 1...3, using: &generator), step))
                case 1: actions = plan.desire(nil)
                case 2:
                    guard let id = loading.randomElement(using: &generator) else { continue }
                    loading.remove(id)
                    inMemory.insert(id)
                    actions = plan.becameReady(id)
                default:
                    guard let id = loading.randomElement(using: &generator) else { continue }
                    loading.remove(id)
                    actions = plan.failed(id)
                }
                for action in actions {
                    switch action {
                    case .load(let id, _):
                        let isNew = loading.insert(id).inserted
                        #expect(isNew)
                    case .retire(let id): retired[id, default: 0] += 1
                    case .serve(let id): #expect(id == plan.servingLoad && retired[id] == nil)
                    case .close: #expect(plan.servingLoad == nil)
                    }
                }
                for id in inMemory where id != plan.servingLoad { #expect(retired[id] != nil, "load \(id) leaks") }
                #expect(plan.servingLoad.map { retired[$0] == nil } ?? true)
                #expect(plan.desired != nil || (plan.servingLoad == nil && plan.pendingLoad == nil))
            }
        }
    }
}

/// The SplitMix64 generator: the same walk in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
