// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Guards")
struct GuardPlannerTests {
    static let one = VersionID(model: "m", number: 1)
    static let two = VersionID(model: "m", number: 2)
    static let start: Int64 = 1_800_000_000_000

    static func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: start + Int64(seconds * 1000)) }

    static func alert(
        _ rule: String = "r", version: VersionID? = two, began: Double = 0, subject: String? = nil
    ) -> Alert {
        var alert = Alert(
            rule: rule, severity: .critical,
            key: SignalKey(endpoint: "e", version: version, kind: .errorRate, subject: subject), state: .firing,
            startedAt: at(began), reading: SignalReading(value: 1, samples: 1000, method: "test"), threshold: 0.5,
            summary: "error_rate is 1")
        alert.firedAt = at(began)
        return alert
    }

    /// The canary m:2 beside m:1, with a rollout and guards on the rule r.
    static func spec(_ guards: GuardSpec...) -> EndpointSpec {
        var spec = EndpointSpec(primary: one)
        spec.canaries = [Canary(version: two, share: Share(percent: 10) ?? .none)]
        spec.rollout = Rollout(steps: [Rollout.Step(share: Share(percent: 10) ?? .none, holdSeconds: 60)])
        spec.monitoring.guards = guards
        return spec
    }

    static func guarded(
        _ action: GuardSpec.Action, name: String = "g", _ change: (inout GuardSpec) -> Void = { _ in }
    ) -> GuardSpec {
        var spec = GuardSpec(name: name, rules: ["r"], action: action)
        change(&spec)
        return spec
    }

    private var planner = GuardPlanner()

    private mutating func plan(
        _ spec: EndpointSpec, _ alerts: [Alert], past: [GuardDecision] = [], at seconds: Double
    ) -> [GuardAction] {
        planner.plan(firing: alerts, endpoint: "e", spec: spec, recentDecisions: past, at: Self.at(seconds))
    }

    @Test("an alert sets a guard off once", arguments: GuardSpec.Action.allCases)
    mutating func once(action: GuardSpec.Action) throws {
        let spec = Self.spec(
            Self.guarded(action) { if action == .fallback { $0.fallback = VersionID(model: "m", number: 3) } })
        let first = try #require(plan(spec, [Self.alert()], at: 1).first)
        #expect(first.mustAct && first.action == action && first.version == Self.two)
        #expect(first.evidence == [Self.alert()] && first.reason == "r: error_rate is 1")
        let decision = first.decision(at: Self.at(2), replica: "a")
        #expect(decision.delaySeconds == 2 && decision.replica == "a")
        for second in 2..<2000 { #expect(plan(spec, [Self.alert()], at: Double(second)).isEmpty) }
    }

    @Test("alerts that are pending, of other rules or of other endpoints set nothing off")
    mutating func others() {
        var pending = Self.alert()
        pending.state = .pending
        var elsewhere = Self.alert()
        elsewhere.key.endpoint = "f"
        #expect(plan(Self.spec(Self.guarded(.page)), [pending, elsewhere, Self.alert("s")], at: 0).isEmpty)
    }

    @Test("a dry run decides and does nothing")
    mutating func dryRun() {
        let spec = Self.spec(Self.guarded(.rollBack) { $0.isDryRun = true })
        let actions = plan(spec, [Self.alert()], at: 1)
        #expect(actions.map(\.outcome) == [.dryRun] && actions.first?.mustAct == false)
    }

    @Test(
        "an alert that the action cannot help against is recorded once",
        arguments: [GuardSpec.Action.stopRollout, .shiftTraffic, .rollBack])
    mutating func nothingToDo(action: GuardSpec.Action) {
        var spec = Self.spec(Self.guarded(action))
        spec.canaries = []
        spec.rollout = nil
        #expect(plan(spec, [Self.alert()], at: 1).map(\.outcome) == [.nothingToDo])
        #expect(plan(spec, [Self.alert()], at: 2).isEmpty)
    }

    @Test("a fallback that serves already is not fallen back to")
    mutating func fallbackServes() {
        var spec = Self.spec(Self.guarded(.fallback) { $0.fallback = Self.one })
        spec.canaries = []
        #expect(plan(spec, [Self.alert(version: Self.one)], at: 1).map(\.outcome) == [.nothingToDo])
    }

    @Test("between two deeds lies the cool-down, and what came meanwhile is done after it")
    mutating func coolDown() {
        let spec = Self.spec(Self.guarded(.rollBack) { $0.coolDownSeconds = 100 })
        #expect(plan(spec, [Self.alert()], at: 1).map(\.outcome) == [.acted])
        let later = Self.alert(began: 50)
        #expect(plan(spec, [later], at: 50).map(\.outcome) == [.coolingDown])
        #expect(plan(spec, [later], at: 51).isEmpty)
        #expect(plan(spec, [later], at: 100.9).isEmpty)
        #expect(plan(spec, [later], at: 101).map(\.outcome) == [.acted])
    }

    @Test("after three deeds within a day a person has to decide")
    mutating func bound() {
        let spec = Self.spec(Self.guarded(.page) { $0.coolDownSeconds = 1 })
        var outcomes: [GuardDecision.Outcome] = []
        for hour in 0..<48 {
            let began = Double(hour) * 3600
            outcomes += plan(spec, [Self.alert(began: began)], at: began).map(\.outcome)
        }
        // The first three; one again when the first of them is a day old, and so on.
        #expect(outcomes.filter { $0 == .acted }.count == 6)
        #expect(outcomes.filter { $0 == .coolingDown }.count == 42)
    }

    @Test("of guards that change routes one acts at a time, and the next looks at what came of it")
    mutating func oneAtATime() {
        var spec = Self.spec(
            Self.guarded(.shiftTraffic, name: "a"), Self.guarded(.rollBack, name: "b"), Self.guarded(.page, name: "c"))
        let first = plan(spec, [Self.alert()], at: 1)
        #expect(first.map(\.guardName) == ["a", "c"])
        spec.canaries = []
        #expect(plan(spec, [Self.alert()], at: 2).map(\.outcome) == [.nothingToDo])
    }

    @Test("a deed that failed is tried again after a while, three times at most")
    mutating func failure() {
        let spec = Self.spec(Self.guarded(.rollBack) { $0.coolDownSeconds = 1 })
        var tries = 0
        var past: [GuardDecision] = []
        for second in 0..<200 {
            for action in plan(spec, [Self.alert()], past: past, at: Double(second)) where action.mustAct {
                tries += 1
                planner.failed(action, at: Self.at(Double(second)))
                past.append(action.decision(at: Self.at(Double(second)), replica: "a", outcome: .failed))
            }
        }
        #expect(tries == 3)
    }

    @Test("another replica that takes over goes on from the records")
    mutating func takeOver() {
        let spec = Self.spec(Self.guarded(.rollBack))
        let past = plan(spec, [Self.alert()], at: 1).map { $0.decision(at: Self.at(1), replica: "a") }
        planner = GuardPlanner()
        #expect(plan(spec, [Self.alert()], past: past, at: 2).isEmpty)
        #expect(plan(spec, [Self.alert(began: 2)], past: past, at: 3).map(\.outcome) == [.coolingDown])
    }

    @Test("a clock that was set back does not make a cool-down longer than it is")
    mutating func clock() {
        let spec = Self.spec(Self.guarded(.rollBack) { $0.coolDownSeconds = 100 })
        _ = plan(spec, [Self.alert()], at: 100_000)
        let later = Self.alert(began: 5)
        #expect(plan(spec, [later], at: 5).map(\.outcome) == [.coolingDown])
        #expect(plan(spec, [later], at: 104).isEmpty)
        #expect(plan(spec, [later], at: 105).map(\.outcome) == [.acted])
    }

    @Test("whatever alerts come, a guard keeps its cool-down and its bound", arguments: 0..<10)
    mutating func sequences(batch: Int) {
        for sequence in 0..<10 {
            planner = GuardPlanner()
            var random = SplitMix64(seed: UInt64(batch * 100 + sequence))
            let coolDown = Double(Int.random(in: 1...4000, using: &random))
            let spec = Self.spec(Self.guarded(.rollBack) { $0.coolDownSeconds = coolDown })
            var (now, began, deeds) = (0.0, 0.0, [Double]())
            var past: [GuardDecision] = []
            for _ in 0..<300 {
                now += Double.random(in: 0.25...3000, using: &random)
                if Bool.random(using: &random) { began = now }
                // A new leader knows the records only.
                if Int.random(in: 0..<20, using: &random) == 0 { planner = GuardPlanner() }
                for action in plan(spec, [Self.alert(began: began)], past: past, at: now) {
                    if action.mustAct { deeds.append(now) }
                    past.append(action.decision(at: Self.at(now), replica: "a"))
                }
            }
            // Milliseconds are what a record keeps.
            for (earlier, later) in zip(deeds, deeds.dropFirst()) { #expect(later - earlier > coolDown - 0.002) }
            for (index, deed) in deeds.enumerated() where index + 3 < deeds.count {
                #expect(deeds[index + 3] - deed > 86_399.9)
            }
        }
    }

    @Test("an alert that stays for days sets a guard off once")
    mutating func days() {
        let spec = Self.spec(Self.guarded(.page))
        var deeds = 0
        for hour in 0..<96 { deeds += plan(spec, [Self.alert()], at: Double(hour) * 3600).count }
        #expect(deeds == 1)
    }

    @Test("nobody falls back because of a version that answers nobody")
    mutating func shadowFallback() {
        let shadow = VersionID(model: "m", number: 7)
        let spec = Self.spec(Self.guarded(.fallback) { $0.fallback = Self.one })
        #expect(plan(spec, [Self.alert(version: shadow)], at: 1).map(\.outcome) == [.nothingToDo])
    }

    @Test("a version that begins to answer while its alert fires is acted on")
    mutating func promoted() {
        var spec = Self.spec(Self.guarded(.rollBack))
        let canaries = spec.canaries
        spec.canaries = []
        #expect(plan(spec, [Self.alert()], at: 1).map(\.outcome) == [.nothingToDo])
        #expect(plan(spec, [Self.alert()], at: 2).isEmpty)
        spec.canaries = canaries
        #expect(plan(spec, [Self.alert()], at: 3).map(\.outcome) == [.acted])
    }
}
