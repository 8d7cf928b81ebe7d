// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Notices and silences")
struct NoticeTests {
    private func key(_ subject: String) -> SignalKey { AlertScene.key(.missingRate, subject) }
    private let high = AlertScene.reading(1)

    @Test("what fires together is told together, and what follows within a minute at its end")
    func grouping() {
        var scene = AlertScene(AlertScene.rule())
        let first = scene.look([key("b"): high, key("a"): high])
        #expect(first.notices.map { $0.alerts.compactMap(\.key.subject) } == [["a", "b"]])
        var readings = [key("a"): high, key("b"): high, key("c"): high]
        #expect(scene.look(after: 30, readings).notices.isEmpty)
        readings[key("d")] = high
        #expect(scene.look(after: 29, readings).notices.isEmpty)
        let second = scene.look(after: 1, readings)
        #expect(second.notices.map { $0.alerts.compactMap(\.key.subject) } == [["c", "d"]])
    }

    @Test("what fires and ends between two notices is not told")
    func between() {
        var scene = AlertScene(AlertScene.rule())
        _ = scene.look([key("a"): high])
        _ = scene.look(after: 1, [key("a"): high, key("b"): high])
        let gone = scene.look(after: 1, [key("a"): high, key("b"): AlertScene.reading(0)])
        #expect(gone.changed.map(\.state) == [.resolved])
        #expect(scene.look(after: 60, [key("a"): high]).notices.isEmpty)
    }

    @Test("that nothing fires any more is told at once; what fires again waits for its minute")
    func over() {
        var scene = AlertScene(AlertScene.rule())
        _ = scene.look([key("a"): high, key("b"): high])
        let low = AlertScene.reading(0)
        #expect(scene.look(after: 1, [key("a"): low, key("b"): high]).notices.isEmpty)
        let over = scene.look(after: 1, [key("a"): low, key("b"): low])
        #expect(over.notices.map { $0.alerts.map(\.state) } == [[.resolved, .resolved]])
        #expect(scene.look(after: 1, [key("a"): high]).notices.isEmpty)
        #expect(scene.look(after: 59, [key("a"): high]).notices.map { $0.alerts.map(\.state) } == [[.firing]])
    }

    @Test("each endpoint and rule has notices of its own")
    func rules() {
        var scene = AlertScene(AlertScene.rule("one"), AlertScene.rule("two") { $0.severity = .critical })
        let outcome = scene.look([key("a"): high])
        #expect(outcome.notices.map(\.rule) == ["one", "two"])
        #expect(outcome.notices.map(\.severity) == [.warning, .critical])
    }

    @Test("an alert that stays is told again after four hours")
    func repeats() {
        var scene = AlertScene(AlertScene.rule())
        scene.book = RuleBook(longestStep: .seconds(3600))
        scene.book.setRules(["e": [AlertScene.rule()]])
        #expect(scene.look([key("a"): high]).notices.count == 1)
        for _ in 0..<3 { #expect(scene.look(after: 3600, [key("a"): high]).notices.isEmpty) }
        #expect(scene.look(after: 3600, [key("a"): high]).notices.count == 1)
        #expect(scene.look(after: 3600, [key("a"): high]).notices.isEmpty)
    }

    @Test("a silenced alert fires and is not told until the silence is over")
    func silence() {
        var scene = AlertScene(AlertScene.rule())
        let until = Timestamp(milliseconds: scene.nowMs + 100_000)
        scene.silences = [Silence(id: "s", endpoint: "e", rule: nil, subject: "a", until: until, reason: "known")]
        let outcome = scene.look([key("a"): high, key("b"): high])
        #expect(outcome.firing.filter(\.isSilenced).map(\.key) == [key("a")])
        #expect(outcome.notices.flatMap(\.alerts).map(\.key) == [key("b")])
        #expect(scene.look(after: 90, [key("a"): high, key("b"): high]).notices.isEmpty)
        let told = scene.look(after: 20, [key("a"): high, key("b"): high])
        #expect(told.notices.flatMap(\.alerts).map(\.key) == [key("a")])
    }

    @Test("an alert that was only ever silenced ends without a notice")
    func silentEnd() {
        var scene = AlertScene(AlertScene.rule())
        let until = Timestamp(milliseconds: scene.nowMs + 1_000_000)
        scene.silences = [Silence(id: "s", endpoint: nil, rule: "r", subject: nil, until: until, reason: "")]
        #expect(scene.look([key("a"): high]).notices.isEmpty)
        let end = scene.look(after: 60, [key("a"): AlertScene.reading(0)])
        #expect(end.changed.map(\.state) == [.resolved] && end.notices.isEmpty)
    }

    @Test("fingerprints are 16 digits, the same for equal alerts and different for others")
    func fingerprints() {
        let one = AlertFingerprint.of(rule: "r", key: key("a"))
        #expect(one.count == 16 && one == AlertFingerprint.of(rule: "r", key: key("a")))
        let others = [
            AlertFingerprint.of(rule: "s", key: key("a")), AlertFingerprint.of(rule: "r", key: key("b")),
            AlertFingerprint.of(rule: "r", key: AlertScene.key(.missingRate)),
            AlertFingerprint.of(rule: "r", key: AlertScene.key(.missingRate, "")),
            AlertFingerprint.of(rule: "r", key: AlertScene.key(.outlierRate, "a")),
            AlertFingerprint.of(rule: "r", key: AlertScene.key(.missingRate, "a", version: nil)),
        ]
        #expect(Set(others + [one]).count == 7)
    }
}
