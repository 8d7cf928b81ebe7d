// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import Testing

@Suite("The monitoring of endpoint files")
struct MonitoringSectionTests {
    private func parse(_ section: String) throws -> EndpointDraft {
        let lines = section.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }
        let text =
            "endpoints:\n  e:\n    routes: [{version: \"m:2\"}]\n    monitoring:\n" + lines.joined(separator: "\n")
        return try #require(try EndpointFile.parse(text, name: "f").endpoints.first)
    }

    private func problems(_ section: String) -> [String] {
        do {
            _ = try parse(section)
            return []
        } catch let error as ControlError {
            return error.message.split(separator: "\n").map(String.init)
        } catch {
            return ["\(error)"]
        }
    }

    private func spec(_ section: String) throws -> MonitoringSpec {
        let draft = try parse(section)
        var versions: [ModelReference: VersionID] = [:]
        for (index, entry) in draft.references.enumerated() {
            versions[entry.reference] = VersionID(model: "m", number: 10 + index)
        }
        return try #require(draft.spec(resolving: versions)).monitoring
    }

    @Test("every key of a rule is read")
    func rule() throws {
        let read = try spec(
            """
            rules:
              - {name: drift, signal: psi, subjects: [age, income], routes: [canary], above: 0.2, expected_run: 30d,
                min_samples: 500, for: 5m, clear: 0.1, clear_for: 2m, severity: critical, receivers: [oncall]}
              - {name: worse, signal: accuracy, below: -0.02, baseline: primary}
              - {name: burn, signal: burn_rate, above: 14.4, objective: 99.9%, window: 1h}
              - {name: rare, signal: ks, above: chance, expected_run: 7d}
            """)
        var drift = AlertRule(name: "drift", signal: "psi", threshold: 0.2)
        drift.subjects = ["age", "income"]
        drift.routes = [.canary]
        drift.expectedRunSeconds = 30 * 86_400
        drift.minimumSamples = 500
        drift.forSeconds = 300
        drift.clearThreshold = 0.1
        drift.clearSeconds = 120
        drift.severity = .critical
        drift.receivers = ["oncall"]
        var worse = AlertRule(name: "worse", signal: "accuracy", comparison: .below, threshold: -0.02)
        worse.baseline = .primary
        var rare = AlertRule(name: "rare", signal: "ks")
        rare.expectedRunSeconds = 7 * 86_400
        #expect(read.rules.count == 4)
        #expect(read.rules.first == drift && read.rules.dropFirst().first == worse && read.rules.last == rare)
        let burn = try #require(read.rules.dropFirst(2).first)
        // 99.9 / 100 is not 0.999 to the last bit.
        #expect(abs((burn.objective ?? 0) - 0.999) < 1e-12 && burn.longWindowSeconds == 3600)
    }

    @Test("every key of a guard and of capture is read, and a fallback is a reference")
    func guardAndCapture() throws {
        let read = try spec(
            """
            capture: {rate: 10%, max_bytes: 1GiB, max_age: 30d, redact: [ssn], compression: zstd}
            guards:
              - {name: undo, rules: [error-burst], action: fallback, fallback: "m@safe", cool_down: 20m, dry_run: true}
              - {name: learn, rules: [drift], action: retrain, receiver: trainer}
            """)
        var capture = CaptureSpec(rate: try #require(Share(percent: 10)))
        capture.maximumBytes = 1 << 30
        capture.maximumAgeSeconds = 30 * 86_400
        capture.redacted = ["ssn"]
        capture.compression = "zstd"
        #expect(read.capture == capture)
        var undo = GuardSpec(name: "undo", rules: ["error-burst"], action: .fallback)
        undo.fallback = VersionID(model: "m", number: 11)
        undo.coolDownSeconds = 1200
        undo.isDryRun = true
        var learn = GuardSpec(name: "learn", rules: ["drift"], action: .retrain)
        learn.receiver = "trainer"
        #expect(read.guards == [undo, learn])
    }

    @Test(
        "mistakes are told with their line and what was probably meant",
        arguments: [
            ("rule: []", "f:5: unknown key 'rule' in 'monitoring', did you mean 'rules'?"),
            ("window: long", "f:5: 'window' is 'long', expected a number with ms, s, m, h or d, such as 10m"),
            ("task: classificaton", "f:5: 'task' is 'classificaton', did you mean 'classification'?"),
            ("rules:\n  - {name: a, signal: psy, above: 1}", "f:6: 'signal' is 'psy', did you mean 'psi'?"),
            ("rules:\n  - {signal: psi, above: 1}", "f:6: the rule has no 'name', such as drift"),
            (
                "rules:\n  - {name: a, signal: psi, above: 1, below: 0}",
                "f:6: the rule has 'above' and 'below': make two rules of it"
            ),
            (
                "rules:\n  - {name: a, signal: psi, above: much}",
                "f:6: 'above' is 'much', expected a number, or chance where expected_run decides"
            ),
            (
                "rules:\n  - {name: a, signal: burn_rate, above: 1, objective: 110%}",
                "f:6: 'objective' is '110%', expected a share such as 99.9%"
            ),
            (
                "rules:\n  - {name: a, signal: psi, above: 1, routes: [canry]}",
                "f:6: 'routes' has 'canry', did you mean 'canary'?"
            ),
            (
                "guards:\n  - {name: g, rules: [a], action: rollback}",
                "f:6: 'action' is 'rollback', did you mean 'roll-back'?"
            ),
            ("capture: {redact: [a]}", "f:5: 'capture' has no 'rate', such as 10%"),
            (
                "capture: {rate: 10%, compression: gzip}",
                "f:5: 'compression' is 'gzip', there are [lz4, zstd, none]"
            ),
        ])
    func mistakes(section: String, problem: String) {
        #expect(problems(section) == [problem])
    }

    @Test("a comparison shows what changes in rules, guards and capture")
    func diff() throws {
        var old = EndpointSpec(primary: VersionID(model: "m", number: 1))
        old.monitoring.rules = [AlertRule(name: "drift", signal: "psi", threshold: 0.2)]
        var new = old
        new.monitoring.rules[0].threshold = 0.25
        new.monitoring.guards = [GuardSpec(name: "undo", rules: ["drift"], action: .rollBack)]
        new.monitoring.capture = CaptureSpec(rate: try #require(Share(percent: 5)))
        new.monitoring.windowSeconds = 1800
        #expect(
            SpecDiff(from: old, to: new).lines.map(\.description) == [
                "+ monitoring.window: 30m", "+ monitoring.capture: 5%",
                "- monitoring.rule: drift: psi above 0.2, warning", "+ monitoring.rule: drift: psi above 0.25, warning",
                "+ monitoring.guard: undo: roll-back on [drift]",
            ])
    }
}
