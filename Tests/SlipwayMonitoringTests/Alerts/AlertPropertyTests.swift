// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

/// Thousands of random sequences of readings, gaps, clock steps, silences, restarts.
@Suite("Alerts under any sequence")
struct AlertPropertyTests {
    private struct Run {
        var fired: [String: Int] = [:]
        var transitions: [String: [Alert.State]] = [:]
        var told: [String: Bool] = [:]
        var elapsed = 0.0
    }

    private static func rule(_ random: inout SplitMix64) -> AlertRule {
        AlertScene.rule { rule in
            rule.forSeconds = [0, 0, 2, 10].randomElement(using: &random)
            rule.clearSeconds = [0, 5, 30].randomElement(using: &random)
            rule.clearThreshold = [nil, 0.5, 0.3].randomElement(using: &random) ?? nil
            rule.minimumSamples = 100
        }
    }

    private static func readings(_ random: inout SplitMix64) -> [SignalKey: SignalReading] {
        var readings: [SignalKey: SignalReading] = [:]
        for subject in ["a", "b", "c"] where Int.random(in: 0..<8, using: &random) > 0 {
            let value = Int.random(in: 0..<40, using: &random) == 0 ? .nan : Double.random(in: 0...1, using: &random)
            readings[AlertScene.key(.missingRate, subject)] = AlertScene.reading(
                value, samples: Int.random(in: 50...400, using: &random))
        }
        return readings
    }

    /// A step of 0.25 s mostly, now and then a pause or a clock that is set back or ahead.
    private static func step(_ random: inout SplitMix64) -> Double {
        switch Int.random(in: 0..<50, using: &random) {
        case 0: -Double.random(in: 0...100_000, using: &random)
        case 1: Double.random(in: 0...100_000, using: &random)
        case 2..<10: Double.random(in: 1...30, using: &random)
        default: 0.25
        }
    }

    @Test("alerts change state in order, do not flap beyond their times, and all end", arguments: 0..<20)
    func sequences(batch: Int) {
        for sequence in 0..<100 {
            var random = SplitMix64(seed: UInt64(batch * 1000 + sequence))
            let rule = Self.rule(&random)
            var scene = AlertScene(rule)
            var run = Run()
            for _ in 0..<120 {
                let step = Self.step(&random)
                run.elapsed += min(max(step, 0), 60)
                let outcome = scene.look(after: step, Self.readings(&random))
                Self.follow(outcome, &run, isOver: false)
                if Int.random(in: 0..<60, using: &random) == 0 {
                    restart(&scene, rule)
                    // An end that waits to be told with others goes with the process: receivers end it by time.
                    let open = Set(scene.book.open.filter { $0.state == .firing }.map(\.fingerprint))
                    run.told = run.told.filter { open.contains($0.key) }
                }
            }
            for _ in 0..<8 {
                Self.follow(scene.look(after: 60), &run, isOver: true)
            }
            #expect(scene.book.open.isEmpty)
            // Between two beginnings lie the time to hold and the time to be clear.
            let shortest = (rule.forSeconds ?? 0) + (rule.clearSeconds ?? 0)
            for count in run.fired.values where shortest > 0 {
                #expect(Double(count) <= 1 + run.elapsed / shortest, "\(rule)")
            }
            #expect(run.told.values.allSatisfy { !$0 }, "an end was not told")
        }
    }

    private func restart(_ scene: inout AlertScene, _ rule: AlertRule) {
        let open = scene.book.open
        scene.book = RuleBook()
        scene.book.setRules(["e": [rule]])
        scene.book.restore(open)
    }

    private static func follow(_ outcome: RuleOutcome, _ run: inout Run, isOver: Bool) {
        for alert in outcome.changed {
            let previous = run.transitions[alert.fingerprint]?.last
            switch alert.state {
            case .pending: #expect(previous == nil || previous == .resolved)
            case .firing: #expect(previous != .firing)
            case .resolved: #expect(previous == .pending || previous == .firing)
            }
            #expect(alert.state == .resolved ? alert.endedAt != nil : alert.endedAt == nil)
            if let ended = alert.endedAt { #expect(ended >= alert.startedAt) }
            run.transitions[alert.fingerprint, default: []].append(alert.state)
            if alert.state == .firing { run.fired[alert.fingerprint, default: 0] += 1 }
        }
        #expect(Set(outcome.firing.map(\.fingerprint)).count == outcome.firing.count)
        for alert in outcome.notices.flatMap(\.alerts) { run.told[alert.fingerprint] = alert.state == .firing }
    }
}
