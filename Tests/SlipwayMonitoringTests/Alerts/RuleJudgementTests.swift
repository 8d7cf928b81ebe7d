// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("Rules that tell chance from change")
struct RuleJudgementTests {
    @Test("a version is compared with the primary: the difference must be large and no chance")
    func baseline() throws {
        var scene = AlertScene(AlertScene.rule("worse", .errorRate, above: 0.02) { $0.baseline = .primary })
        let (mine, primary) = (AlertScene.key(.errorRate), AlertScene.key(.errorRate, version: AlertScene.primary))
        func look(_ value: Double, _ other: Double, samples: Int) -> [Alert] {
            scene.look([
                mine: AlertScene.reading(value, samples: samples),
                primary: AlertScene.reading(other, samples: samples),
            ]).firing
        }
        // 5 % against 1 % of 200: p about 0.01, which a month of looking makes likely.
        #expect(look(0.05, 0.01, samples: 200).isEmpty)
        // The same of 5,000 is no chance (p below 1e-20), but one half of a percent is too little.
        #expect(look(0.015, 0.01, samples: 500_000).isEmpty)
        let alert = try #require(look(0.05, 0.01, samples: 5000).first)
        #expect(alert.key == mine && alert.summary.contains("0.01 on the primary (+0.04)"))
        // The primary itself is never compared.
        #expect(look(0.01, 0.9, samples: 5000).isEmpty)
    }

    @Test("signals that are no shares are compared by their intervals")
    func margins() {
        var scene = AlertScene(AlertScene.rule("worse", .mae, above: 1) { $0.baseline = .primary })
        let (mine, primary) = (AlertScene.key(.mae), AlertScene.key(.mae, version: AlertScene.primary))
        // 3 ± 1 and 1 ± 1 are 2.8 standard errors apart; with intervals of a tenth 28.
        for (margin, fires) in [(1.0, false), (0.1, true)] {
            let outcome = scene.look([
                mine: AlertScene.reading(3, margin: margin), primary: AlertScene.reading(1, margin: margin),
            ])
            #expect(outcome.firing.isEmpty == !fires)
        }
    }

    @Test("a signal is compared with its own last day, once that is known")
    func past() throws {
        var scene = AlertScene(AlertScene.rule("slower", .latencyP99, above: 1.5) { $0.baseline = .past })
        let key = AlertScene.key(.latencyP99)
        // An hour of 0.1 to 0.12 s, one value a minute.
        for minute in 0..<59 {
            let outcome = scene.look(after: 60, [key: AlertScene.reading(0.1 + 0.02 * Double(minute % 2))])
            #expect(outcome.firing.isEmpty)
        }
        // The sixtieth is the first that could be judged, and is not yet.
        #expect(scene.look(after: 60, [key: AlertScene.reading(0.5)]).firing.isEmpty)
        // One value in sixty is beyond what is usual: the end of it is 0.12 s within one percent, the limit 0.18 s.
        #expect(scene.look(after: 60, [key: AlertScene.reading(0.19)]).firing.map(\.key) == [key])
        #expect(scene.look(after: 60, [key: AlertScene.reading(0.17)]).firing.isEmpty)
    }

    @Test("what a rule fires at does not become usual by it")
    func pastIsNotPolluted() throws {
        var scene = AlertScene(AlertScene.rule("slower", .latencyP99, above: 1.5) { $0.baseline = .past })
        let key = AlertScene.key(.latencyP99)
        for _ in 0..<60 { _ = scene.look(after: 60, [key: AlertScene.reading(0.1)]) }
        for _ in 0..<600 {
            // A sketch's value is within one percent: 0.099.
            let alert = try #require(scene.look(after: 60, [key: AlertScene.reading(0.2)]).firing.first)
            #expect(alert.summary.contains("usually up to 0.09"))
        }
        #expect(scene.look(after: 60, [key: AlertScene.reading(0.12)]).firing.isEmpty)
        // A day later today's level is what is usual.
        for _ in 0..<1500 { _ = scene.look(after: 60, [key: AlertScene.reading(0.14)]) }
        #expect(scene.look(after: 60, [key: AlertScene.reading(0.2)]).firing.isEmpty)
    }

    @Test("without a primary's reading there is nothing to compare with")
    func noPrimary() {
        var scene = AlertScene(AlertScene.rule("worse", .errorRate, above: 0.01) { $0.baseline = .primary })
        #expect(scene.look([AlertScene.key(.errorRate): AlertScene.reading(1)]).changed.isEmpty)
    }

    @Test("a threshold and an expected run have to hold both")
    func both() {
        var scene = AlertScene(
            AlertScene.rule("drift", .psi, above: 0.1) { $0.expectedRunSeconds = 30 * 86_400 })
        let key = AlertScene.key(.psi, "age")
        #expect(scene.look([key: AlertScene.reading(0.05, pValue: 1e-30)]).firing.isEmpty)
        #expect(scene.look([key: AlertScene.reading(0.5, pValue: 0.01)]).firing.isEmpty)
        #expect(scene.look([key: AlertScene.reading(0.5, pValue: 1e-30)]).firing.count == 1)
        // Ten times its limit does not end it yet, a hundred times does.
        let level = RunLengthLevel.level(expectedRunSeconds: 30 * 86_400, windowSeconds: 3600)
        #expect(scene.look([key: AlertScene.reading(0.5, pValue: 5 * level)]).firing.count == 1)
        #expect(scene.look([key: AlertScene.reading(0.5, pValue: 100 * level)]).firing.isEmpty)
    }

    @Test("distances borrow the test of the same column")
    func borrowed() {
        var scene = AlertScene(
            AlertScene.rule("drift", .hellinger, above: nil) { $0.expectedRunSeconds = 86_400 })
        let outcome = scene.look([
            AlertScene.key(.hellinger, "age"): AlertScene.reading(0.2),
            AlertScene.key(.ks, "age"): AlertScene.reading(0.2, pValue: 1e-12),
            AlertScene.key(.hellinger, "city"): AlertScene.reading(0.2),
            AlertScene.key(.chiSquare, "city"): AlertScene.reading(40, pValue: 1e-12),
            AlertScene.key(.hellinger, "shoe"): AlertScene.reading(0.2),
        ])
        #expect(Set(outcome.firing.map(\.key.subject)) == ["age", "city"])
    }

    @Test("a rate is held against the reference's by its number of rows")
    func rates() {
        var scene = AlertScene(
            AlertScene.rule("gaps", .missingRate, above: nil) { $0.expectedRunSeconds = 30 * 86_400 })
        let key = AlertScene.key(.missingRate, "age")
        // 12 % of 300 where 10 % are usual is one standard error; of 100,000 it is twenty.
        #expect(scene.look([key: AlertScene.reading(0.12, samples: 300, reference: 0.1)]).firing.isEmpty)
        #expect(scene.look([key: AlertScene.reading(0.12, samples: 100_000, reference: 0.1)]).firing.count == 1)
        #expect(scene.look([key: AlertScene.reading(0.08, samples: 100_000, reference: 0.1)]).firing.isEmpty)
    }

    @Test("a budget burns too fast only when both windows say so")
    func burn() {
        let rule = AlertScene.rule("burn", .burnRate, above: 14.4) {
            $0.objective = 0.999
            $0.longWindowSeconds = 3600
            $0.minimumSamples = 100
        }
        var scene = AlertScene(rule)
        let (long, short) = (AlertScene.key(.burnRate, "3600"), AlertScene.key(.burnRate, "300"))
        func look(_ one: Double, _ other: Double?) -> RuleOutcome {
            var readings = [long: AlertScene.reading(one)]
            readings[short] = other.map { AlertScene.reading($0) }
            return scene.look(readings)
        }
        #expect(look(0.02, 0.001).firing.isEmpty)
        #expect(look(0.001, 0.02).firing.isEmpty)
        let alert = look(0.02, 0.02).firing.first
        #expect(alert?.key == AlertScene.key(.burnRate) && alert?.threshold == 14.4)
        // 2 % of bad requests spend a budget of 0.1 % twenty times too fast.
        #expect(abs((alert?.reading.value ?? 0) - 20) < 1e-9)
        // The fault is over, though the long window still remembers it.
        #expect(look(0.02, nil).firing.isEmpty)
    }

    @Test("windows of burn rates forget what is older than they are, and bear clocks that step")
    func meter() {
        var meter = BurnMeter(rules: [
            AlertScene.rule("burn", .burnRate, above: 2) { $0.longWindowSeconds = 720 }
        ])
        func share(_ subject: String, _ seconds: Int64) -> Double? {
            meter.readings(at: Timestamp(milliseconds: seconds * 1000)).first { $0.subject == subject }?.reading.value
        }
        meter.add(good: 0, bad: 10, at: Timestamp(milliseconds: 0))
        meter.add(good: 30, bad: 0, at: Timestamp(milliseconds: 300_000))
        #expect(share("720", 300) == 0.25 && share("60", 300) == 0)
        // 59 to 60 sixtieths of 720 s are between 708 and 720 s.
        #expect(share("720", 707) == 0.25 && share("720", 720) == 0)
        #expect(share("720", 300_000) == nil && share("60", 361) == nil)
        meter.add(good: 0, bad: 30, at: Timestamp(milliseconds: 200_000))
        #expect(share("720", 300) == 40.0 / 70)
        meter.add(good: 1, bad: 0, at: Timestamp(milliseconds: .max))
        #expect(meter.readings(at: Timestamp(milliseconds: .max)).map(\.reading.value) == [0, 0])
    }

    @Test("a difference that no test can judge needs a threshold")
    func untested() {
        for (threshold, fires) in [(nil, false), (0.1, true)] as [(Double?, Bool)] {
            var scene = AlertScene(
                AlertScene.rule("worse", .psi, above: threshold) {
                    $0.baseline = .primary
                    $0.expectedRunSeconds = 86_400
                })
            let outcome = scene.look([
                AlertScene.key(.psi, "age"): AlertScene.reading(0.3),
                AlertScene.key(.psi, "age", version: AlertScene.primary): AlertScene.reading(0.1),
            ])
            #expect(outcome.firing.isEmpty == !fires)
        }
    }

    @Test("a change to the good side is none for a rule about the bad one")
    func sides() {
        var scene = AlertScene(
            AlertScene.rule("gaps", .missingRate, above: nil) { $0.expectedRunSeconds = 30 * 86_400 })
        let key = AlertScene.key(.missingRate, "age")
        #expect(scene.look([key: AlertScene.reading(0.01, pValue: 1e-30, reference: 0.1)]).firing.isEmpty)
        #expect(scene.look([key: AlertScene.reading(0.2, pValue: 1e-30, reference: 0.1)]).firing.count == 1)
    }

    @Test("a clock put back takes burn rates along")
    func movedMeter() {
        var meter = BurnMeter(rules: [AlertScene.rule("burn", .burnRate, above: 2) { $0.longWindowSeconds = 720 }])
        meter.add(good: 0, bad: 10, at: Timestamp(milliseconds: 7_200_000))
        meter.move(back: 3_600_000)
        #expect(meter.readings(at: Timestamp(milliseconds: 3_600_000)).map(\.reading.samples) == [10, 10])
        // 12 minutes later they are out of the window, as if the clock had never moved.
        #expect(meter.readings(at: Timestamp(milliseconds: 4_320_000)).isEmpty)
    }

    @Test("a stopped capture is one after the first request")
    func stopped() {
        var scene = AlertScene(AlertScene.rule("full", .captureStopped))
        let key = AlertScene.key(.captureStopped, version: nil)
        #expect(scene.look([key: AlertScene.reading(1, samples: 1)]).firing.count == 1)
    }
}
