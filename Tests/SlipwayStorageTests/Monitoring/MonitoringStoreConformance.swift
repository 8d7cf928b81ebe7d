// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import SlipwayTestKit
import Testing

/// What every ``MonitoringStore`` must do; each behaviour gets a fresh one.
enum MonitoringStoreConformance {
    typealias Behaviour = ConformanceBehaviour<any MonitoringStore>

    static let behaviours: [Behaviour] = data + tallies + alerts + decisions + leadership

    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_700_000_000_000 + milliseconds) }

    static func window(
        _ replica: String, from start: Int64, to end: Int64, _ data: [UInt8] = [1], endpoint: String = "e"
    ) -> StoredWindow {
        StoredWindow(
            endpoint: endpoint, version: VersionID(model: "m", number: 2), replica: replica, startedAt: at(start),
            endedAt: at(end), data: data)
    }

    static func alert(
        _ rule: String, endpoint: String = "e", state: Alert.State = .firing, startedAt: Int64 = 0,
        value: Double = 0.5
    ) -> Alert {
        let key = SignalKey(
            endpoint: endpoint, version: VersionID(model: "m", number: 2), kind: .psi, subject: "age")
        let reading = SignalReading(
            value: value, samples: 300, pValue: 0.001, margin: 0.1, reference: 0.2, method: "10 groups",
            explanation: "age: median 34 -> 51", examples: ["r1", "r2"])
        var alert = Alert(
            rule: rule, severity: .critical, key: key, state: state, startedAt: at(startedAt), reading: reading,
            threshold: 0.25, summary: "age moved")
        alert.firedAt = at(startedAt + 5)
        alert.isSilenced = true
        return alert
    }

    static func decision(_ name: String, endpoint: String = "e", at time: Int64 = 0) -> GuardDecision {
        var decision = GuardDecision(
            endpoint: endpoint, guardName: name, action: .rollBack, at: at(time),
            version: VersionID(model: "m", number: 2), outcome: .acted, text: "revision 8", evidence: [alert("drift")],
            replica: "a")
        decision.delaySeconds = 1.25
        return decision
    }

    private static let data: [Behaviour] = [
        Behaviour("keeps the latest profile of each version") { store in
            let (one, two) = (VersionID(model: "m", number: 1), VersionID(model: "m", number: 2))
            #expect(try await store.profile(of: one) == nil)
            var column = ColumnProfile(name: "age", kind: .numeric, tensor: "x", column: 0)
            column.counts = EdgeCounts(edges: [1, 2.5, 7])
            column.mean = 1.0 / 3
            let text = ColumnProfile(name: "töwn", kind: .text, tensor: "t", column: 0)
            var profile = ReferenceProfile(createdAt: at(0), rows: 10, features: [column, text], outputs: [])
            try await store.save(profile, of: one)
            #expect(try await store.profile(of: one) == profile)
            profile.performance = ["accuracy": 0.97]
            profile.classes = ["no", "yes"]
            try await store.save(profile, of: one)
            #expect(try await store.profile(of: one) == profile)
            #expect(try await store.profile(of: two) == nil)
        },
        Behaviour("never replaces a profile by a provisional one") { store in
            let one = VersionID(model: "m", number: 1)
            var first = ReferenceProfile(createdAt: at(1), rows: 10, features: [], outputs: [])
            first.isProvisional = true
            var second = first
            second.rows = 20
            try await store.save(first, of: one)
            try await store.save(second, of: one)
            #expect(try await store.profile(of: one) == first)
            second.isProvisional = false
            try await store.save(second, of: one)
            try await store.save(first, of: one)
            #expect(try await store.profile(of: one) == second)
        },
        Behaviour("gives the newest parts of a replica, as many as a window has") { store in
            try await store.save(
                (0..<100).map { window("a", from: $0, to: $0 + 1) } + [window("b", from: 0, to: 1)])
            let found = try await store.windows(of: "e", since: at(-1))
            #expect(found.filter { $0.replica == "a" }.map(\.startedAt) == (40..<100).map { at($0) })
            #expect(found.contains { $0.replica == "b" })
        },
        Behaviour("replaces a replica's own window and keeps those of others") { store in
            try await store.save([window("a", from: 0, to: 10, [1]), window("b", from: 0, to: 10, [2])])
            try await store.save([window("a", from: 0, to: 20, [3, 0, 255])])
            try await store.save([window("a", from: 20, to: 30, [])])
            #expect(
                try await store.windows(of: "e", since: at(-100)) == [
                    window("a", from: 0, to: 20, [3, 0, 255]), window("b", from: 0, to: 10, [2]),
                    window("a", from: 20, to: 30, []),
                ])
        },
        Behaviour("gives the windows that ended after an instant, of one endpoint") { store in
            try await store.save([
                window("a", from: 0, to: 10), window("a", from: 10, to: 20),
                window("a", from: 0, to: 99, endpoint: "f"),
            ])
            #expect(try await store.windows(of: "e", since: at(10)) == [window("a", from: 10, to: 20)])
            #expect(try await store.windows(of: "e", since: at(20)) == [])
            try await store.deleteWindows(endedBefore: at(20))
            #expect(try await store.windows(of: "e", since: at(-1)) == [window("a", from: 10, to: 20)])
            #expect(try await store.windows(of: "f", since: at(-1)).count == 1)
        },
    ]

    private static let tallies: [Behaviour] = [
        Behaviour("replaces a writer's own tally and keeps those of others, the newest first") { store in
            try await store.save([tally("a", at: 1, [1]), tally("b", at: 2, [2])])
            try await store.save([tally("a", at: 3, [3, 0, 255]), tally("a", at: 9, kind: .service)])
            #expect(
                try await store.tallies(.quality, of: "e", since: at(0)) == [
                    tally("a", at: 3, [3, 0, 255]), tally("b", at: 2, [2]),
                ])
            #expect(try await store.tallies(.quality, of: "e", since: at(2)) == [tally("a", at: 3, [3, 0, 255])])
            try await store.save([StoredTally]())
        },
        Behaviour("gives tallies of one endpoint or of all, of each the newest") { store in
            let many = (0..<100).map { tally("w\($0)", at: Int64($0)) }
            try await store.save(many + [tally("a", at: 5, endpoint: "f")])
            #expect(
                try await store.tallies(.quality, of: "e", since: at(-1))
                    == Array(many.reversed().prefix(StoredTally.maximumWriters)))
            let all = try await store.tallies(.quality, of: nil, since: at(-1))
            #expect(all.count == StoredTally.maximumWriters + 1)
            #expect(all.last == tally("a", at: 5, endpoint: "f"))
        },
        Behaviour("deletes old tallies of one kind") { store in
            try await store.save([tally("a", at: 1), tally("b", at: 2), tally("a", at: 1, kind: .service)])
            try await store.deleteTallies(.quality, countedBefore: at(2))
            #expect(try await store.tallies(.quality, of: "e", since: at(-1)) == [tally("b", at: 2)])
            #expect(try await store.tallies(.service, of: "e", since: at(-1)).count == 1)
        },
    ]

    private static func tally(
        _ writer: String, at time: Int64, _ data: [UInt8] = [1], endpoint: String = "e",
        kind: StoredTally.Kind = .quality
    ) -> StoredTally {
        StoredTally(endpoint: endpoint, kind: kind, writer: writer, at: at(time), data: data)
    }

    private static let alerts: [Behaviour] = [
        Behaviour("begins an alert once, whoever sees it") { store in
            let first = try await store.begin([alert("one", startedAt: 1), alert("two", startedAt: 1)])
            #expect(first == [alert("one", startedAt: 1), alert("two", startedAt: 1)])
            #expect(
                try await store.begin([alert("one", startedAt: 4), alert("three", startedAt: 4)])
                    == [alert("one", startedAt: 1), alert("three", startedAt: 4)])
            #expect(try await store.alerts(of: "e", state: nil, limit: 10).count == 3)
            var over = alert("one", state: .resolved, startedAt: 1)
            over.endedAt = at(9)
            try await store.save([over])
            #expect(try await store.begin([alert("one", startedAt: 10)]) == [alert("one", startedAt: 10)])
        },

        Behaviour("keeps one alert for each fingerprint and start, the newest first") { store in
            try await store.save([alert("one", startedAt: 1), alert("two", startedAt: 2)])
            var changed = alert("one", state: .resolved, startedAt: 1)
            changed.endedAt = at(50)
            try await store.save([changed, alert("one", startedAt: 3)])
            #expect(
                try await store.alerts(of: nil, state: nil, limit: 10) == [
                    alert("one", startedAt: 3), alert("two", startedAt: 2), changed,
                ])
        },
        Behaviour("finds alerts by endpoint and state, so many") { store in
            try await store.save([
                alert("one", startedAt: 1), alert("two", state: .pending, startedAt: 2),
                alert("three", endpoint: "f", startedAt: 3), alert("four", startedAt: 4),
            ])
            #expect(try await store.alerts(of: "e", state: nil, limit: 10).map(\.rule) == ["four", "two", "one"])
            #expect(try await store.alerts(of: nil, state: .firing, limit: 2).map(\.rule) == ["four", "three"])
            #expect(try await store.alerts(of: "e", state: .pending, limit: 10).map(\.rule) == ["two"])
            #expect(try await store.alerts(of: nil, state: nil, limit: 0) == [])
        },
        Behaviour("deletes old alerts that are over, and no others") { store in
            try await store.save([
                alert("old", state: .resolved, startedAt: 1), alert("firing", startedAt: 1),
                alert("new", state: .resolved, startedAt: 5),
            ])
            try await store.deleteAlerts(startedBefore: at(5))
            let left = try await store.alerts(of: nil, state: nil, limit: 10)
            #expect(left.map(\.rule) == ["new", "firing"])
        },
        Behaviour("keeps readings that are not finite") { store in
            try await store.save([alert("one", value: .infinity)])
            #expect(try await store.alerts(of: nil, state: nil, limit: 1).map(\.reading.value) == [.infinity])
        },
    ]

    private static let decisions: [Behaviour] = [
        Behaviour("keeps feedback for others until it is taken up, the oldest first") { store in
            func handed(_ id: String, at milliseconds: Int64, endpoint: String = "e") -> HandedFeedback {
                HandedFeedback(
                    id: id, endpoint: endpoint, replica: "a", at: at(milliseconds),
                    feedback: Feedback(requestID: "r\(id)", label: .list([.text("x"), .bool(true)]), kpis: ["k": 2.5]))
            }
            let all = [handed("2", at: 2), handed("1", at: 1), handed("3", at: 3, endpoint: "f")]
            #expect(try await store.handOver(all) == 3)
            #expect(try await store.handedOver(to: "e", limit: 10) == [all[1], all[0]])
            #expect(try await store.handedOver(to: "e", limit: 1) == [all[1]])
            try await store.deleteHandedOver(["1", "3", "none"])
            #expect(try await store.handedOver(to: "e", limit: 10) == [all[0]])
            #expect(try await store.handedOver(to: "f", limit: 10) == [])
        },
        Behaviour("keeps every decision with its evidence, the last first") { store in
            for decision in [decision("a"), decision("b", endpoint: "f"), decision("c", at: -5)] {
                try await store.append(decision)
            }
            #expect(
                try await store.decisions(of: nil, limit: 10)
                    == [decision("c", at: -5), decision("b", endpoint: "f"), decision("a")])
            #expect(try await store.decisions(of: "e", limit: 1) == [decision("c", at: -5)])
        },
        Behaviour("keeps silences by id until they are deleted") { store in
            let one = Silence(id: "1", endpoint: "e", rule: nil, subject: "age", until: at(9), reason: "known")
            var two = Silence(id: "2", endpoint: nil, rule: "drift", subject: nil, until: at(3), reason: "")
            try await store.save(one)
            try await store.save(two)
            #expect(try await store.silences() == [two, one])
            two.until = at(100)
            try await store.save(two)
            #expect(try await store.silences() == [one, two])
            try await store.deleteSilence("1")
            try await store.deleteSilence("1")
            #expect(try await store.silences() == [two])
        },
    ]

    private static let leadership: [Behaviour] = [
        Behaviour("gives a lease to one holder at a time, until it ends") { store in
            func acquire(_ holder: String, _ now: Int64, _ name: String = "guards") async throws -> Bool {
                try await store.acquireLease(name, holder: holder, now: at(now), duration: .seconds(10))
            }
            let answer1 = try await acquire("a", 0)
            #expect(answer1)
            let answer2 = try await acquire("b", 9999)
            #expect(!answer2)
            let answer3 = try await acquire("a", 5000)
            #expect(answer3)
            let answer4 = try await acquire("b", 14_999)
            #expect(!answer4)
            let answer5 = try await acquire("b", 0, "another")
            #expect(answer5)
            let answer6 = try await acquire("b", 15_000)
            #expect(answer6)
            let answer7 = try await acquire("a", 15_001)
            #expect(!answer7)
        },
        Behaviour("gives a lease to one of many who ask at once") { store in
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for holder in 0..<20 {
                    group.addTask {
                        try await store.acquireLease(
                            "guards", holder: "\(holder)", now: at(0), duration: .seconds(10))
                    }
                }
                var taken = 0
                for try await one in group where one { taken += 1 }
                return taken
            }
            #expect(taken == 1)
        },
    ]
}
