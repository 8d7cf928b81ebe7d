// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Rules and alerts")
struct RuleBookTests {
    private let missing = AlertScene.key(.missingRate, "age")

    @Test("an alert fires above its threshold, says why, and ends below it")
    func firesAndEnds() throws {
        var scene = AlertScene(AlertScene.rule())
        #expect(scene.look([missing: AlertScene.reading(0.5)]).changed.isEmpty)
        var reading = AlertScene.reading(0.75, reference: 0.01)
        reading.explanation = "age: missing 1% -> 75%"
        let outcome = scene.look([missing: reading])
        let alert = try #require(outcome.firing.first)
        #expect(alert.state == .firing && alert.startedAt == scene.now && alert.firedAt == scene.now)
        #expect(
            alert.summary == "missing_rate of 'age' on m:2 (canary) is 0.75, above 0.5, 0.01 in the reference; "
                + "1000 samples; age: missing 1% -> 75%")
        #expect(outcome.notices.map(\.alerts) == [[alert]])
        let end = scene.look(after: 60, [missing: AlertScene.reading(0.1)])
        #expect(end.firing.isEmpty && end.changed.map(\.state) == [.resolved])
        #expect(end.changed.first?.endedAt == scene.now)
        // What it was about stays in the record.
        #expect(end.changed.first?.reading == reading)
        #expect(end.notices.first?.alerts.map(\.state) == [.resolved])
        #expect(scene.book.open.isEmpty)
    }

    @Test("below the least number of samples a rule says nothing, whatever the value")
    func samples() {
        var scene = AlertScene(AlertScene.rule { $0.minimumSamples = 300 })
        #expect(scene.look([missing: AlertScene.reading(1, samples: 299)]).changed.isEmpty)
        #expect(scene.look([missing: AlertScene.reading(1, samples: 300)]).firing.count == 1)
    }

    @Test("values that are no numbers say nothing", arguments: [Double.nan, .infinity, -.infinity])
    func notNumbers(value: Double) {
        var scene = AlertScene(AlertScene.rule())
        #expect(scene.look([missing: AlertScene.reading(value)]).changed.isEmpty)
    }

    @Test("an alert is pending until it has held for its time, and a gap begins the time again")
    func hold() {
        var scene = AlertScene(AlertScene.rule { $0.forSeconds = 10 })
        let high = [missing: AlertScene.reading(0.9)]
        #expect(scene.look(high).changed.map(\.state) == [.pending])
        #expect(scene.look(after: 9, high).changed.isEmpty)
        let dropped = scene.look([missing: AlertScene.reading(0.1)])
        #expect(dropped.changed.map(\.state) == [.resolved] && dropped.changed.first?.firedAt == nil)
        #expect(dropped.notices.isEmpty)
        _ = scene.look(high)
        #expect(scene.look(after: 9.999, high).firing.isEmpty)
        #expect(scene.look(after: 0.001, high).firing.count == 1)
    }

    @Test("between the threshold and the clear threshold a firing alert stays, and a new one does not begin")
    func hysteresis() {
        var scene = AlertScene(
            AlertScene.rule {
                $0.clearThreshold = 0.3
                $0.clearSeconds = 5
            })
        #expect(scene.look([missing: AlertScene.reading(0.4)]).changed.isEmpty)
        #expect(scene.look([missing: AlertScene.reading(0.6)]).firing.count == 1)
        for _ in 0..<10 { #expect(scene.look([missing: AlertScene.reading(0.4)]).firing.count == 1) }
        #expect(scene.look(after: 4, [missing: AlertScene.reading(0.2)]).firing.count == 1)
        // Back in the band: the time of being clear begins again.
        #expect(scene.look([missing: AlertScene.reading(0.4)]).firing.count == 1)
        #expect(scene.look(after: 4.5, [missing: AlertScene.reading(0.2)]).firing.count == 1)
        #expect(scene.look(after: 0.5, [missing: AlertScene.reading(0.2)]).firing.isEmpty)
    }

    @Test("rules that look below fire below")
    func below() {
        var scene = AlertScene(
            AlertScene.rule("low", .accuracy, above: 0.8) {
                $0.comparison = .below
                $0.clearThreshold = 0.9
            })
        let key = AlertScene.key(.accuracy)
        #expect(scene.look([key: AlertScene.reading(0.8)]).firing.isEmpty)
        #expect(scene.look([key: AlertScene.reading(0.7)]).firing.count == 1)
        #expect(scene.look([key: AlertScene.reading(0.85)]).firing.count == 1)
        #expect(scene.look([key: AlertScene.reading(0.95)]).firing.isEmpty)
    }

    @Test("a rule looks only at the subjects and routes it names")
    func scope() {
        var scene = AlertScene(
            AlertScene.rule {
                $0.subjects = ["age"]
                $0.routes = [.canary]
            })
        let outcome = scene.look([
            missing: AlertScene.reading(1), AlertScene.key(.missingRate, "income"): AlertScene.reading(1),
            AlertScene.key(.missingRate, "age", version: AlertScene.primary): AlertScene.reading(1),
        ])
        #expect(outcome.firing.map(\.key) == [missing])
    }

    @Test("alerts of a version that is served no more end after their clear time")
    func gone() {
        var scene = AlertScene(AlertScene.rule { $0.clearSeconds = 30 })
        _ = scene.look([missing: AlertScene.reading(1)])
        scene.routes = ["e": [AlertScene.primary: .primary]]
        // Its window still holds the bad rows.
        #expect(scene.look(after: 29, [missing: AlertScene.reading(1)]).firing.count == 1)
        #expect(scene.look(after: 1, [missing: AlertScene.reading(1)]).changed.map(\.state) == [.resolved])
    }

    @Test("an alert of which nothing is said any more ends after five minutes")
    func silentSignal() {
        var scene = AlertScene(AlertScene.rule())
        _ = scene.look([missing: AlertScene.reading(1)])
        for _ in 0..<29 { #expect(scene.look(after: 10).firing.count == 1) }
        #expect(scene.look(after: 10).changed.map(\.state) == [.resolved])
    }

    @Test("alerts of rules that are gone end at once")
    func ruleGone() {
        var scene = AlertScene(AlertScene.rule())
        _ = scene.look([missing: AlertScene.reading(1)])
        scene.book.setRules([:])
        let outcome = scene.look([missing: AlertScene.reading(1)])
        #expect(outcome.changed.map(\.state) == [.resolved] && outcome.firing.isEmpty)
    }

    @Test("a clock that steps neither fires nor ends anything by itself", arguments: [-86_400.0, 86_400])
    func clockSteps(step: Double) {
        var scene = AlertScene(
            AlertScene.rule {
                $0.forSeconds = 120
                $0.clearSeconds = 120
            })
        let high = [missing: AlertScene.reading(1)]
        _ = scene.look(high)
        #expect(scene.look(after: step, high).firing.isEmpty)
        for _ in 0..<120 { _ = scene.look(high) }
        #expect(scene.book.open.map(\.state) == [.firing])
        let low = [missing: AlertScene.reading(0)]
        #expect(scene.look(after: step, low).firing.count == 1)
        for _ in 0..<121 { _ = scene.look(low) }
        #expect(scene.book.open.isEmpty)
    }

    @Test("after a restart an alert goes on with its beginning and its name, and is not told again")
    func restart() throws {
        var scene = AlertScene(AlertScene.rule())
        let before = try #require(scene.look([missing: AlertScene.reading(1)]).firing.first)
        var after = AlertScene(AlertScene.rule())
        after.nowMs = scene.nowMs + 30_000
        after.book.restore([before])
        let outcome = after.look([missing: AlertScene.reading(0.9)])
        #expect(outcome.changed.isEmpty && outcome.notices.isEmpty)
        #expect(outcome.firing.map(\.startedAt) == [before.startedAt])
        #expect(outcome.firing.map(\.fingerprint) == [before.fingerprint])
        #expect(outcome.firing.first?.reading.value == 0.9)
        let end = after.look(after: 61, [missing: AlertScene.reading(0)])
        #expect(end.notices.first?.alerts.map(\.state) == [.resolved])
    }

    @Test("endpoints without rules have the default ones, and without monitoring only that of failures")
    func defaults() {
        var spec = MonitoringSpec()
        #expect(DefaultRules.effective(of: spec).map(\.name) == ["error-burst", "drift", "nan-outputs"])
        #expect(RuleCheck().problems(in: withRules(DefaultRules.effective(of: spec))).isEmpty)
        spec.isEnabled = false
        #expect(DefaultRules.effective(of: spec).map(\.name) == ["error-burst"])
        spec.rules = [AlertScene.rule()]
        #expect(DefaultRules.effective(of: spec) == spec.rules)
    }

    private func withRules(_ rules: [AlertRule]) -> MonitoringSpec {
        var spec = MonitoringSpec()
        spec.rules = rules
        return spec
    }
}
