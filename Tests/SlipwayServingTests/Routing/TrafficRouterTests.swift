// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Traffic router")
struct TrafficRouterTests {
    private static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }
    private func version(_ number: Int) -> VersionID { Self.version(number) }

    private func share(_ percent: Double) -> Share { Share(percent: percent) ?? .none }

    private func spec(
        canaries: [(Int, Double)] = [], sticky: StickyKey? = nil, rules: [HeaderRule] = [], shadows: [Shadow] = []
    ) -> EndpointSpec {
        var spec = EndpointSpec(primary: version(1))
        spec.canaries = canaries.map { Canary(version: version($0.0), share: share($0.1)) }
        spec.sticky = sticky
        spec.rules = rules
        spec.shadows = shadows
        return spec
    }

    private func facts(_ headers: [String: String] = [:], client: String = "c") -> RouteFacts {
        RouteFacts(client: client) { headers[$0] }
    }

    /// Whether `count` of `trials` is what chance gives for `probability`: within five standard deviations, which
    /// one of two million sound seeds fails.
    private func isFair(_ count: Int, of trials: Int, _ probability: Double) -> Bool {
        let deviation = (Double(trials) * probability * (1 - probability)).squareRoot()
        return abs(Double(count) - Double(trials) * probability) <= 5 * deviation
    }

    @Test("without canaries, rules and shadows everything goes to the primary")
    func plain() {
        let router = TrafficRouter(endpoint: "e", spec: spec())
        for draw in [0, 1, UInt64.max] {
            #expect(
                router.route(facts(), draw: draw)
                    == RouteDecision(version: version(1), kind: .primary, shadows: []))
        }
    }

    @Test("draws split by the shares", arguments: [1, 10, 33.33, 50, 99.99, 100])
    func split(percent: Double) {
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, percent)]))
        var random = SplitMix64(seed: 1)
        let trials = 100_000
        var (canary, mislabelled) = (0, 0)
        for _ in 0..<trials {
            let decision = router.route(facts(), draw: random.next())
            if decision.version == version(2) { canary += 1 }
            if decision.kind != (decision.version == version(1) ? .primary : .canary) { mislabelled += 1 }
        }
        #expect(isFair(canary, of: trials, percent / 100))
        #expect(mislabelled == 0)
    }

    @Test("several canaries get their shares and the primary the rest")
    func severalCanaries() {
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 10), (3, 25), (4, 0), (5, 0.5)]))
        var random = SplitMix64(seed: 2)
        var counts: [Int: Int] = [:]
        let trials = 200_000
        for _ in 0..<trials { counts[router.route(facts(), draw: random.next()).version.number, default: 0] += 1 }
        for (number, part) in [(1, 0.645), (2, 0.1), (3, 0.25), (4, 0), (5, 0.005)] {
            #expect(isFair(counts[number] ?? 0, of: trials, part), "version \(number)")
        }
    }

    @Test("counting draws split as fairly as random ones")
    func countingDraws() {
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 20)]))
        let canary = (0..<50_000 as Range<UInt64>).count { router.route(facts(), draw: $0).kind == .canary }
        #expect(isFair(canary, of: 50_000, 0.2))
    }

    @Test("sticky callers split by the shares and stay, whatever is drawn", arguments: ["header", "cookie", "client"])
    func sticky(kind: String) throws {
        let key = try #require(StickyKey(kind == "client" ? kind : "\(kind):user"))
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 30)], sticky: key))
        var random = SplitMix64(seed: 3)
        var (canary, moved) = (0, 0)
        for user in 0..<20_000 {
            let facts = facts(
                ["user": "u\(user)", "cookie": "a=b; user=u\(user)"], client: kind == "client" ? "u\(user)" : "c")
            let first = router.route(facts, draw: random.next())
            if router.route(facts, draw: random.next()) != first { moved += 1 }
            if first.kind == .canary { canary += 1 }
        }
        #expect(isFair(canary, of: 20_000, 0.3))
        #expect(moved == 0)
    }

    @Test("callers without the sticky key, or with an empty one, are drawn", arguments: [nil, ""])
    func noKey(value: String?) {
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 50)], sticky: .header("user")))
        var random = SplitMix64(seed: 4)
        let facts = facts(value.map { ["user": $0] } ?? [:])
        let canary = (0..<10_000).count { _ in router.route(facts, draw: random.next()).kind == .canary }
        #expect(isFair(canary, of: 10_000, 0.5))
    }

    @Test("raising the share of the only canary moves callers to it and none away")
    func growing() {
        var before: Set<Int> = []
        for percent in [0, 0.01, 1, 5, 5.5, 20, 50, 99, 100] {
            let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, percent)], sticky: .client))
            let users = (0..<5000).filter { router.route(facts(client: "u\($0)"), draw: 0).kind == .canary }
            #expect(before.isSubset(of: users))
            before = Set(users)
        }
        #expect(before.count == 5000)
    }

    @Test("raising the share of the last canary leaves the others' callers alone")
    func growingLast() {
        func users(of number: Int, _ last: Double) -> Set<Int> {
            let router = TrafficRouter(
                endpoint: "e", spec: spec(canaries: [(2, 20), (3, last)], sticky: .client))
            return Set(
                (0..<5000).filter {
                    router.route(facts(client: "u\($0)"), draw: 0).version == version(number)
                })
        }
        #expect(users(of: 2, 5) == users(of: 2, 60))
        #expect(users(of: 3, 5).isStrictSubset(of: users(of: 3, 60)))
    }

    @Test("who is a canary's user on one endpoint says nothing about another")
    func independence() {
        let canaries = ["a", "b"].map { name in
            TrafficRouter(endpoint: name, spec: spec(canaries: [(2, 30)], sticky: .client))
        }
        let both = (0..<20_000).count { user in
            canaries.allSatisfy { $0.route(facts(client: "u\(user)"), draw: 0).kind == .canary }
        }
        #expect(isFair(both, of: 20_000, 0.09))
    }

    @Test("the first rule that fits decides, whatever the shares")
    func rules() {
        let rules = [
            HeaderRule(header: "x-beta", value: "yes", version: version(7)),
            HeaderRule(header: "x-beta", value: nil, version: version(8)),
            HeaderRule(header: "x-old", value: "1", version: version(1)),
        ]
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 100)], rules: rules))
        let cases: [([String: String], Int, RouteKind)] = [
            (["x-beta": "yes"], 7, .rule), (["x-beta": "no"], 8, .rule), (["x-beta": ""], 8, .rule),
            (["x-beta": "YES"], 8, .rule), (["x-old": "1"], 1, .rule), (["x-old": "2"], 2, .canary),
            ([:], 2, .canary), (["x-old": "1", "x-beta": "yes"], 7, .rule),
        ]
        for (headers, number, kind) in cases {
            let decision = router.route(facts(headers), draw: 9)
            #expect(decision.version == version(number) && decision.kind == kind, "\(headers)")
        }
    }

    @Test("what would go to a version that cannot answer goes to the primary")
    func unready() {
        let rules = [HeaderRule(header: "x", value: nil, version: version(3))]
        let router = TrafficRouter(
            endpoint: "e",
            spec: spec(canaries: [(2, 100)], rules: rules, shadows: [Shadow(version: version(4))]))
        let primary = RouteDecision(version: version(1), kind: .primary, shadows: [])
        #expect(router.route(facts(), draw: 1, isReady: { _ in false }) == primary)
        #expect(router.route(facts(["x": "1"]), draw: 1, isReady: { _ in false }) == primary)
        let canary = router.route(facts(), draw: 1, isReady: { $0 == version(2) })
        #expect(canary == RouteDecision(version: version(2), kind: .canary, shadows: []))
        #expect(router.route(facts(["x": "1"]), draw: 1, isReady: { $0 != version(3) }).shadows.count == 1)
    }

    @Test("shadows get their rates, independently of the split and of one another")
    func shadows() {
        let shadows = [
            Shadow(version: version(3), rate: share(20)), Shadow(version: version(4), rate: share(50)),
            Shadow(version: version(5), rate: .none), Shadow(version: version(6), rate: .all),
        ]
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 40)], shadows: shadows))
        var random = SplitMix64(seed: 6)
        let trials = 50_000
        var counts: [String: Int] = [:]
        for _ in 0..<trials {
            let decision = router.route(facts(), draw: random.next())
            let numbers = Set(decision.shadows.map(\.version.number))
            if numbers.contains(6) { counts["6", default: 0] += 1 }
            if numbers.contains(5) { counts["5", default: 0] += 1 }
            if numbers.contains(3) { counts["3", default: 0] += 1 }
            if numbers.contains(4) { counts["4", default: 0] += 1 }
            if numbers.isSuperset(of: [3, 4]) { counts["3 and 4", default: 0] += 1 }
            if numbers.contains(3) && decision.kind == .canary { counts["3 of canary", default: 0] += 1 }
        }
        for (name, part) in [("3", 0.2), ("4", 0.5), ("5", 0), ("6", 1), ("3 and 4", 0.1), ("3 of canary", 0.08)] {
            #expect(isFair(counts[name] ?? 0, of: trials, part), "\(name)")
        }
    }

    @Test("a version that answers gets no copy of the same request")
    func noCopyToItself() {
        let router = TrafficRouter(
            endpoint: "e",
            spec: spec(canaries: [(2, 50)], shadows: [Shadow(version: version(2)), Shadow(version: version(1))]))
        for draw in 0..<100 as Range<UInt64> {
            let decision = router.route(facts(), draw: draw)
            #expect(decision.shadows.map(\.version) == [decision.version == version(1) ? version(2) : version(1)])
        }
    }

    @Test("shares that add up to more than everything leave the last ones short and fail nobody")
    func tooMuch() {
        let router = TrafficRouter(endpoint: "e", spec: spec(canaries: [(2, 60), (3, 60)]))
        var random = SplitMix64(seed: 8)
        let second = (0..<10_000).count { _ in router.route(facts(), draw: random.next()).version == version(3) }
        #expect(isFair(second, of: 10_000, 0.4))
    }
}
