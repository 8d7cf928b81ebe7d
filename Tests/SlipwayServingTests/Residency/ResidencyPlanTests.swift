// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Residency plan")
struct ResidencyPlanTests {
    private typealias Plan = ResidencyPlan<String>
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// A plan with models in memory, used one second after the other.
    private func plan(_ budget: Int?, _ models: [(String, Int)]) -> ResidencyPlan<String> {
        var plan = Plan(budget: budget)
        for (second, (key, bytes)) in models.enumerated() {
            #expect(plan.wantToLoad(key, estimate: bytes, now: at(Double(second))) == [.load(key)])
            #expect(plan.loaded(key, bytes: bytes, now: at(Double(second))) == [])
        }
        return plan
    }

    @Test("loads at once what fits, to the byte")
    func fits() {
        var plan = plan(100, [("a", 60), ("b", 40)])
        #expect(plan.used == 100 && plan.settled == 100)
        #expect(plan.wantToLoad("c", estimate: 0, now: at(9)) == [.load("c")])
        #expect(plan.wantToLoad("d", estimate: 1, now: at(9)) == [.evict("a")])
    }

    @Test("evicts the least recently used first, no more than needed, and loads when they are gone")
    func leastRecentlyUsed() {
        var plan = plan(100, [("a", 30), ("b", 30), ("c", 30)])
        plan.observed("a", uses: 0, lastUse: at(10))
        #expect(plan.wantToLoad("d", estimate: 60, now: at(11)) == [.evict("b"), .evict("c")])
        #expect(plan.used == 90)
        #expect(plan.unloaded("c", now: at(12)) == [])
        #expect(plan.unloaded("b", now: at(13)) == [.load("d")])
        #expect(plan.used == 90 && plan.settled == 30)
    }

    @Test("models last used at the same time go in the order in which they came")
    func ties() {
        var plan = Plan(budget: 50)
        for n in 0..<50 { #expect(plan.wantToLoad("m\(n)", estimate: 1, now: start) == [.load("m\(n)")]) }
        for n in 0..<50 { #expect(plan.loaded("m\(n)", bytes: 1, now: start) == []) }
        #expect(
            plan.wantToLoad("x", estimate: 50, now: start)
                == (0..<50).map { ResidencyPlan<String>.Action.evict("m\($0)") })
    }

    @Test("never evicts pinned models, used ones or such that are being loaded")
    func protected() {
        var plan = plan(100, [("pinned", 20), ("used", 20), ("free", 20)])
        plan.update("pinned", policy: ResidencyPolicy(isPinned: true))
        plan.observed("used", uses: 1, lastUse: at(5))
        #expect(plan.wantToLoad("loading", estimate: 20, now: at(6)) == [.load("loading")])
        #expect(
            plan.wantToLoad("x", estimate: 41, now: at(7)) == [.refuse("x", needed: 41, free: 40, budget: 100)])
        #expect(plan.wantToLoad("x", estimate: 40, now: at(7)) == [.evict("free")])
        plan.observed("used", uses: 0, lastUse: at(8))
        #expect(plan.unloaded("free", now: at(9)) == [.load("x")])
        #expect(plan.wantToLoad("y", estimate: 20, now: at(9)) == [.evict("used")])
    }

    @Test("goes by what was seen of a model's use, and by the latest of it")
    func observed() {
        var plan = plan(60, [("a", 20), ("b", 20), ("c", 20)])
        plan.observed("gone", uses: 1, lastUse: at(1))
        plan.observed("a", uses: 2, lastUse: at(1))
        plan.observed("b", uses: 0, lastUse: at(50))
        plan.observed("c", uses: -1, lastUse: at(0))
        #expect(plan.wantToLoad("x", estimate: 40, now: at(60)) == [.evict("c"), .evict("b")])
    }

    @Test("refuses what is larger than the budget, and evicts nobody for it", arguments: [101, Int.max])
    func tooLarge(bytes: Int) {
        var plan = plan(100, [("a", 50)])
        #expect(
            plan.wantToLoad("x", estimate: bytes, now: start)
                == [.refuse("x", needed: bytes, free: 100, budget: 100)])
        #expect(plan.used == 50)
        #expect(plan.wantToLoad("y", estimate: 50, now: start) == [.load("y")])
    }

    @Test("without a budget nothing is evicted, whatever the sizes")
    func unlimited() {
        var plan = plan(nil, [("a", .max), ("b", .max / 2)])
        #expect(plan.used == .max)
        #expect(plan.budget == .max)
        #expect(plan.unloaded("a", now: start) == [])
        #expect(plan.used == .max / 2)
    }

    @Test("a model that is there or on its way is not loaded twice")
    func once() {
        var plan = plan(100, [("a", 60)])
        #expect(plan.wantToLoad("a", estimate: 60, now: at(1)) == [])
        #expect(plan.wantToLoad("b", estimate: 30, now: at(2)) == [.load("b")])
        #expect(plan.wantToLoad("b", estimate: 30, now: at(3)) == [])
        #expect(plan.wantToLoad("c", estimate: 60, now: at(4)) == [.evict("a")])
        #expect(plan.wantToLoad("c", estimate: 60, now: at(5)) == [])
        #expect(plan.unloaded("a", now: at(6)) == [.load("c")])
    }

    @Test("a model wanted again on its way out is loaded when it is gone")
    func wantedAgain() {
        var plan = plan(100, [("a", 60)])
        #expect(plan.wantToLoad("b", estimate: 60, now: at(1)) == [.evict("a")])
        #expect(
            plan.wantToLoad("a", estimate: 60, now: at(2))
                == [.refuse("a", needed: 60, free: 40, budget: 100)])
        #expect(plan.wantToLoad("a", estimate: 40, now: at(3)) == [])
        #expect(plan.unloaded("a", now: at(4)) == [.load("b"), .load("a")])
    }

    @Test("loads that wait begin in their order, so that a large one is not overtaken for ever")
    func order() {
        var plan = plan(100, [("a", 50), ("b", 50)])
        #expect(plan.wantToLoad("large", estimate: 90, now: at(5)) == [.evict("a"), .evict("b")])
        #expect(plan.wantToLoad("small", estimate: 10, now: at(6)) == [])
        #expect(plan.unloaded("a", now: at(7)) == [])
        #expect(plan.unloaded("b", now: at(8)) == [.load("large"), .load("small")])
    }

    @Test("a failed load gives its room to those that wait")
    func failedLoad() {
        var plan = plan(100, [("a", 40)])
        #expect(plan.wantToLoad("b", estimate: 60, now: at(1)) == [.load("b")])
        #expect(plan.wantToLoad("c", estimate: 40, now: at(2)) == [.evict("a")])
        #expect(plan.unloaded("b", now: at(3)) == [.load("c")])
    }

    @Test("a model smaller than estimated makes room, a larger one has others evicted")
    func measured() {
        var plan = plan(100, [("a", 30)])
        #expect(plan.wantToLoad("b", estimate: 70, now: at(1)) == [.load("b")])
        #expect(plan.wantToLoad("c", estimate: 30, now: at(2)) == [.evict("a")])
        #expect(plan.loaded("b", bytes: 40, now: at(3)) == [.load("c")])
        #expect(plan.unloaded("a", now: at(4)) == [])
        #expect(plan.loaded("c", bytes: 61, now: at(5)) == [.evict("b")])
        #expect(plan.used == 101)
        #expect(plan.unloaded("b", now: at(6)) == [])
        #expect(plan.used == 61)
    }

    @Test("a model much larger than estimated costs the youngest waiting loads their place")
    func overcommitted() {
        var plan = Plan(budget: 100)
        let pinned = ResidencyPolicy(isPinned: true)
        #expect(plan.wantToLoad("a", estimate: 10, policy: pinned, now: at(0)) == [.load("a")])
        #expect(plan.wantToLoad("b", estimate: 50, now: at(0)) == [.load("b")])
        #expect(plan.loaded("b", bytes: 50, now: at(0)) == [])
        #expect(plan.wantToLoad("c", estimate: 50, now: at(1)) == [.evict("b")])
        #expect(plan.wantToLoad("d", estimate: 30, now: at(2)) == [])
        #expect(plan.loaded("a", bytes: 45, now: at(3)) == [.refuse("d", needed: 30, free: 5, budget: 100)])
        #expect(plan.unloaded("b", now: at(4)) == [.load("c")])
    }

    @Test("a model larger than the whole budget has the others evicted and stays")
    func giant() {
        var plan = plan(100, [("a", 30), ("b", 30)])
        #expect(plan.wantToLoad("c", estimate: 40, now: at(5)) == [.load("c")])
        plan.observed("c", uses: 1, lastUse: at(5))
        #expect(plan.loaded("c", bytes: 500, now: at(6)) == [.evict("a"), .evict("b")])
        #expect(plan.unloaded("a", now: at(7)) == [] && plan.unloaded("b", now: at(7)) == [])
        #expect(plan.used == 500)
    }

    @Test("an expected budget counts from the next load on")
    func expected() {
        var plan = plan(100, [("a", 40), ("b", 40)])
        plan.expect(budget: 70)
        #expect(plan.wantToLoad("c", estimate: 30, now: at(5)) == [.evict("a")])
        plan.expect(budget: 200)
        #expect(plan.wantToLoad("d", estimate: 10, now: at(6)) == [.load("c"), .load("d")])
        plan.expect(budget: .min)
        #expect(plan.budget == 0)
    }

    @Test("news of models nobody knows change nothing")
    func unknown() {
        var plan = plan(100, [("a", 40)])
        #expect(plan.loaded("x", bytes: 5, now: start) == [] && plan.loaded("a", bytes: 5, now: start) == [])
        plan.observed("x", uses: 1, lastUse: start)
        #expect(plan.unloaded("x", now: start) == [] && plan.used == 40)
    }

    // MARK: - Idle models

    @Test("models that nobody uses are unloaded after their own time")
    func idle() {
        var plan = plan(nil, [("a", 1), ("b", 1), ("never", 1)])
        #expect(plan.idle(at(1_000_000)) == [])
        plan.update("a", policy: ResidencyPolicy(idleAfter: .seconds(30)))
        plan.update("b", policy: ResidencyPolicy(isPinned: true, idleAfter: .seconds(10)))
        #expect(plan.idle(at(10.9)) == [])
        plan.observed("b", uses: 0, lastUse: at(10.9))
        #expect(plan.idle(at(20)) == [])
        #expect(plan.idle(at(30)) == ["a", "b"])
        #expect(plan.idle(at(99)) == [])
    }

    @Test("a model in use is never idle, and its time begins when the last use ends")
    func idleInUse() {
        var plan = plan(nil, [("a", 1)])
        plan.update("a", policy: ResidencyPolicy(idleAfter: .seconds(10)))
        plan.observed("a", uses: 2, lastUse: at(2))
        plan.observed("a", uses: 1, lastUse: at(50))
        #expect(plan.idle(at(100)) == [])
        plan.observed("a", uses: 0, lastUse: at(100))
        #expect(plan.idle(at(109)) == [] && plan.idle(at(110)) == ["a"])
    }

    @Test("a clock that goes back makes nobody older")
    func clockJump() {
        var plan = plan(60, [("a", 30), ("b", 30)])
        plan.observed("a", uses: 0, lastUse: at(20))
        plan.observed("a", uses: 0, lastUse: at(-500))
        #expect(plan.wantToLoad("c", estimate: 30, now: at(-400)) == [.evict("b")])
    }

    @Test("with any events, known bytes add up and nothing is over the budget by estimate", arguments: 1...10)
    func invariants(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var plan = ResidencyPlan<Int>(budget: 1000)
        var loading: [Int: Int] = [:]
        var resident: [Int: Int] = [:]
        var evicting: [Int: Int] = [:]
        var wanted: [Int: Int] = [:]
        func perform(_ actions: [ResidencyPlan<Int>.Action]) {
            for action in actions {
                switch action {
                case .load(let key): loading[key] = wanted.removeValue(forKey: key)
                case .evict(let key): evicting[key] = resident.removeValue(forKey: key)
                case .refuse(let key, let needed, let free, _):
                    #expect(needed > free && wanted.removeValue(forKey: key) == needed)
                }
            }
        }
        var now = start
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...10, using: &random))
            let key = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let isNew = loading[key] == nil && resident[key] == nil && wanted[key] == nil
                let bytes = Int.random(in: 0...600, using: &random)
                if isNew { wanted[key] = bytes }
                perform(plan.wantToLoad(key, estimate: bytes, now: now))
            case 1:
                guard let bytes = loading.removeValue(forKey: key) else { continue }
                resident[key] = bytes
                perform(plan.loaded(key, bytes: bytes, now: now))
            case 2:
                guard evicting.removeValue(forKey: key) != nil || loading.removeValue(forKey: key) != nil else {
                    continue
                }
                perform(plan.unloaded(key, now: now))
            default: plan.observed(key, uses: 0, lastUse: now)
            }
            let known = [loading, resident, evicting].map { $0.values.reduce(0, +) }.reduce(0, +)
            #expect(plan.used == known && known <= 1000)
            // A load waits only for somebody to go.
            #expect(wanted.isEmpty || !evicting.isEmpty)
        }
        while let key = evicting.keys.first {
            evicting[key] = nil
            perform(plan.unloaded(key, now: now))
        }
        #expect(wanted.isEmpty)
    }
}
