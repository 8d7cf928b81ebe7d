// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import Testing

@Suite("Rollouts")
struct RolloutPlanTests {
    private let start = ContinuousClock.now

    /// 1% for 10 s, 25% for 20 s, 50% for 30 s.
    private func spec(position: Int = 0, _ percents: [Double] = [1, 25, 50]) -> EndpointSpec {
        let steps = percents.enumerated().map { index, percent in
            Rollout.Step(share: EndpointCheckTests.share(percent), holdSeconds: Double(index + 1) * 10)
        }
        var spec = EndpointSpec(primary: EndpointCheckTests.version(1))
        spec.canaries = [Canary(version: EndpointCheckTests.version(2), share: steps[position].share)]
        spec.shadows = [Shadow(version: EndpointCheckTests.version(3))]
        spec.rollout = Rollout(steps: steps, position: position)
        spec.limits.requests = 7
        return spec
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("do nothing where nothing rolls out")
    func none() {
        var plan = RolloutPlan()
        #expect(plan.next(nil, revision: 1, isReady: true, now: start) == .none)
        var without = spec()
        without.rollout = nil
        #expect(plan.next(without, revision: 1, isReady: true, now: start) == .none)
        var orphan = spec()
        orphan.canaries = []
        #expect(plan.next(orphan, revision: 1, isReady: true, now: start) == .none)
        var outside = spec()
        outside.rollout?.position = 3
        #expect(plan.next(outside, revision: 1, isReady: true, now: start) == .none)
        outside.rollout?.position = -1
        #expect(plan.next(outside, revision: 1, isReady: true, now: start) == .none)
    }

    @Test("hold a step for its time, then go to the next, and keep everything else")
    func steps() {
        var plan = RolloutPlan()
        #expect(plan.next(spec(), revision: 5, isReady: true, now: start) == .wait(until: at(10)))
        #expect(plan.next(spec(), revision: 5, isReady: true, now: at(9.99)) == .wait(until: at(10)))
        #expect(
            plan.next(spec(), revision: 5, isReady: true, now: at(10))
                == .advance(to: spec(position: 1), reason: "rollout 2 of 3: 25%"))
        // The next step's hold begins with its own revision.
        #expect(plan.next(spec(position: 1), revision: 6, isReady: true, now: at(11)) == .wait(until: at(31)))
        #expect(
            plan.next(spec(position: 1), revision: 6, isReady: true, now: at(40))
                == .advance(to: spec(position: 2), reason: "rollout 3 of 3: 50%"))
    }

    @Test("end with the canary as the primary")
    func finish() {
        var plan = RolloutPlan()
        let last = spec(position: 2)
        #expect(plan.next(last, revision: 7, isReady: true, now: start) == .wait(until: at(30)))
        var finished = last
        finished.primary = EndpointCheckTests.version(2)
        finished.canaries = []
        finished.rollout = nil
        #expect(
            plan.next(last, revision: 7, isReady: true, now: at(30))
                == .finish(finished, reason: "rollout finished: promote m:2"))
    }

    @Test("are held by a canary that is not ready, and begin the hold again")
    func notReady() {
        var plan = RolloutPlan()
        let recheck = RolloutPlan.recheck
        #expect(plan.next(spec(), revision: 5, isReady: false, now: start) == .wait(until: start + recheck))
        #expect(plan.next(spec(), revision: 5, isReady: false, now: at(99)) == .wait(until: at(99) + recheck))
        #expect(plan.next(spec(), revision: 5, isReady: true, now: at(100)) == .wait(until: at(110)))
        #expect(plan.next(spec(), revision: 5, isReady: false, now: at(110)) == .wait(until: at(110) + recheck))
        #expect(plan.next(spec(), revision: 5, isReady: true, now: at(111)) == .wait(until: at(121)))
        #expect(
            plan.next(spec(), revision: 5, isReady: true, now: at(121))
                == .advance(to: spec(position: 1), reason: "rollout 2 of 3: 25%"))
    }

    @Test("begin a step again when a new revision repeats it")
    func sameStepAgain() {
        var plan = RolloutPlan()
        #expect(plan.next(spec(), revision: 5, isReady: true, now: start) == .wait(until: at(10)))
        #expect(plan.next(spec(), revision: 6, isReady: true, now: at(9)) == .wait(until: at(19)))
        // Back to a revision that was seen before, as after a backup was restored.
        #expect(plan.next(spec(), revision: 5, isReady: true, now: at(12)) == .wait(until: at(22)))
    }

    @Test("hold for no time that is none", arguments: [0, -1, -Double.infinity, .nan])
    func noHold(seconds: Double) {
        var plan = RolloutPlan()
        var odd = spec()
        odd.rollout?.steps[0].holdSeconds = seconds
        guard case .advance = plan.next(odd, revision: 1, isReady: true, now: start) else {
            Issue.record("held for \(seconds)")
            return
        }
    }

    @Test("hold for a year at most", arguments: [1e300, Double.infinity])
    func endlessHold(seconds: Double) {
        var plan = RolloutPlan()
        var odd = spec()
        odd.rollout?.steps[0].holdSeconds = seconds
        #expect(
            plan.next(odd, revision: 1, isReady: true, now: start) == .wait(until: at(366 * 86_400)))
    }

    @Test(
        "are written as shares and times",
        arguments: [
            ("1%:10m,10%:30m,50%:1h", [(1.0, 600.0), (10, 1800), (50, 3600)]), (" 5 : 1.5s ", [(5, 1.5)]),
            ("12.5%:0", [(12.5, 0)]), ("100%:250ms", [(100, 0.25)]),
        ] as [(String, [(Double, Double)])])
    func text(text: String, steps: [(Double, Double)]) throws {
        let expected = steps.map { Rollout.Step(share: EndpointCheckTests.share($0), holdSeconds: $1) }
        #expect(try RolloutText.parse(text) == expected)
    }

    @Test(
        "refuse other texts",
        arguments: [
            "", "1%", "1%:", ":10m", "1%:10", "1%:10m,", "101%:1m", "-1%:1m", "1%:-1m", "1%:10m:2", "x:y", "1%:9e9d",
        ])
    func badText(text: String) throws {
        let error = #expect(throws: ControlError.self) { try RolloutText.parse(text) }
        #expect(error?.message.contains("1%:10m,25%:1h") == true)
    }
}
