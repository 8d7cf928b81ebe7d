// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Rules and guards that may be declared")
struct RuleCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let spec: MonitoringSpec
        /// Where the problems are; none for what is fine.
        let paths: [String]

        init(_ title: String, _ paths: String..., change: (inout MonitoringSpec) -> Void) {
            testDescription = title
            var spec = MonitoringSpec()
            change(&spec)
            self.spec = spec
            self.paths = paths
        }
    }

    static let check = RuleCheck(columns: ["age", "income", "score"], receivers: ["oncall", "train"])

    static func rule(
        _ kind: SignalKind = .psi, above threshold: Double? = 0.2, _ change: (inout AlertRule) -> Void = { _ in }
    ) -> AlertRule {
        var rule = AlertRule(name: "r", signal: kind.rawValue, threshold: threshold)
        change(&rule)
        return rule
    }

    static let burn = rule(.burnRate, above: 14.4) {
        $0.objective = 0.999
        $0.longWindowSeconds = 3600
    }

    static let rules: [Case] = [
        Case("a plain rule") { $0.rules = [rule()] },
        Case("everything at once") {
            $0.rules = [
                rule {
                    $0.subjects = ["age", "score"]
                    $0.routes = [.canary]
                    $0.expectedRunSeconds = 30 * 86_400
                    $0.forSeconds = 60
                    $0.clearThreshold = 0.1
                    $0.receivers = ["oncall"]
                }
            ]
        },
        Case("no threshold where the run decides") { $0.rules = [rule(above: nil) { $0.expectedRunSeconds = 86_400 }] },
        Case("a burn rate") { $0.rules = [burn] },
        Case("a name with spaces", "rules[0].name") { $0.rules = [rule { $0.name = "a b" }] },
        Case("the same name twice", "rules[1].name") { $0.rules = [rule(), rule()] },
        Case("a signal that is none", "rules[0].signal") { $0.rules = [rule { $0.signal = "psy" }] },
        Case("a feature that is none", "rules[0].subjects[1]") { $0.rules = [rule { $0.subjects = ["age", "agee"] }] },
        Case("a receiver that is none", "rules[0].receivers") { $0.rules = [rule { $0.receivers = ["nobody"] }] },
        Case("subjects of a signal without", "rules[0].subjects") {
            $0.rules = [rule(.errorRate) { $0.subjects = ["age"] }]
        },
        Case("neither threshold nor run", "rules[0]") { $0.rules = [rule(above: nil)] },
        Case("a run for a signal without a test", "rules[0].expectedRunSeconds") {
            $0.rules = [rule(.latencyP99, above: nil) { $0.expectedRunSeconds = 86_400 }]
        },
        Case("a run for a rate that has no reference", "rules[0].expectedRunSeconds") {
            $0.rules = [rule(.errorRate, above: nil) { $0.expectedRunSeconds = 86_400 }]
        },
        Case("a run for a rate against the primary's") {
            $0.rules = [
                rule(.errorRate, above: nil) {
                    $0.expectedRunSeconds = 86_400
                    $0.baseline = .primary
                }
            ]
        },
        Case("a run for a distance against the primary's", "rules[0].expectedRunSeconds") {
            $0.rules = [
                rule(above: nil) {
                    $0.expectedRunSeconds = 86_400
                    $0.baseline = .primary
                }
            ]
        },
        Case("a multiple of what is usual") { $0.rules = [rule(above: 1.5) { $0.baseline = .past }] },
        Case("no multiple of what is usual", "rules[0]") { $0.rules = [rule(above: nil) { $0.baseline = .past }] },
        Case("a multiple that is none", "rules[0].threshold") { $0.rules = [rule(above: 0) { $0.baseline = .past }] },
        Case("a run of what is usual", "rules[0].expectedRunSeconds") {
            $0.rules = [
                rule(above: 2) {
                    $0.expectedRunSeconds = 86_400
                    $0.baseline = .past
                }
            ]
        },
        Case("above the most there is", "rules[0].threshold") { $0.rules = [rule(.errorRate, above: 1)] },
        Case("below the least there is", "rules[0].threshold") {
            $0.rules = [rule(.accuracy, above: 0) { $0.comparison = .below }]
        },
        Case("a difference that cannot be", "rules[0].threshold") {
            $0.rules = [rule(.accuracy, above: 1) { $0.baseline = .primary }]
        },
        Case("the primary against itself", "rules[0].routes") {
            $0.rules = [
                rule {
                    $0.baseline = .primary
                    $0.routes = [.primary]
                }
            ]
        },
        Case("a route that no version has", "rules[0].routes") { $0.rules = [rule { $0.routes = [.cache] }] },
        Case("an end above its beginning", "rules[0].clearThreshold") { $0.rules = [rule { $0.clearThreshold = 0.3 }] },
        Case("an end below its beginning", "rules[0].clearThreshold") {
            $0.rules = [
                rule(.accuracy, above: 0.9) {
                    $0.comparison = .below
                    $0.clearThreshold = 0.8
                }
            ]
        },
        Case("two rules of which one always holds", "rules[1].threshold") {
            $0.rules = [
                rule(.accuracy, above: 0.8),
                rule(.accuracy, above: 0.9) {
                    $0.name = "s"
                    $0.comparison = .below
                },
            ]
        },
        Case("more samples than a window holds", "rules[0].minimumSamples") {
            $0.bucketRows = 10
            $0.buckets = 12
            $0.rules = [rule { $0.minimumSamples = 121 }]
        },
        Case("numbers out of their ranges", "rules[0].forSeconds", "rules[0].minimumSamples") {
            $0.rules = [
                rule {
                    $0.forSeconds = -1
                    $0.minimumSamples = 0
                }
            ]
        },
        Case("drift where nobody looks", "rules[0].signal") {
            $0.isEnabled = false
            $0.rules = [rule()]
        },
        Case("capture where nothing is captured", "rules[0].signal") { $0.rules = [rule(.captureDropRate)] },
        Case("accuracy of a regression", "rules[0].signal") {
            $0.task = .regression
            $0.rules = [rule(.accuracy)]
        },
        Case("a burn rate without its objective", "rules[0].objective") {
            $0.rules = [rule(.burnRate, above: 14.4)]
        },
        Case("a burn rate that cannot be", "rules[0].threshold") {
            $0.rules = [rule(.burnRate, above: 10) { $0.objective = 0.9 }]
        },
        Case("an objective without a burn rate", "rules[0].objective") { $0.rules = [rule { $0.objective = 0.9 }] },
        Case("too many rules", "rules") { spec in spec.rules = (0...100).map { index in rule { $0.name = "r\(index)" } }
        },
    ]

    static func guarded(
        _ action: GuardSpec.Action, rules: [String] = ["r"], _ change: (inout GuardSpec) -> Void = { _ in }
    ) -> GuardSpec {
        var spec = GuardSpec(name: "g", rules: rules, action: action)
        change(&spec)
        return spec
    }

    static let guards: [Case] = [
        Case("a guard on a default rule") { $0.guards = [guarded(.rollBack, rules: ["error-burst"])] },
        Case("a guard on a rule of its own") {
            $0.rules = [rule()]
            $0.guards = [guarded(.fallback) { $0.fallback = VersionID(model: "m", number: 1) }]
        },
        Case("a guard that calls somebody") {
            $0.rules = [rule()]
            $0.guards = [guarded(.retrain) { $0.receiver = "train" }]
        },
        Case("a rule that is none", "guards[0].rules[0]") { $0.guards = [guarded(.page)] },
        Case("no rule", "guards[0].rules") { $0.guards = [guarded(.page, rules: [])] },
        Case("nowhere to fall back to", "guards[0].fallback") {
            $0.rules = [rule()]
            $0.guards = [guarded(.fallback)]
        },
        Case("a fallback for something else", "guards[0].fallback") {
            $0.rules = [rule()]
            $0.guards = [guarded(.rollBack) { $0.fallback = VersionID(model: "m", number: 1) }]
        },
        Case("nobody who retrains", "guards[0].receiver") {
            $0.rules = [rule()]
            $0.guards = [guarded(.retrain)]
        },
        Case("a receiver that is none", "guards[0].receiver") {
            $0.rules = [rule()]
            $0.guards = [guarded(.page) { $0.receiver = "nobody" }]
        },
        Case("canaries that no rule looks at", "guards[0].action") {
            $0.rules = [rule { $0.routes = [.primary] }]
            $0.guards = [guarded(.stopRollout)]
        },
        Case("shadows that answer nobody", "guards[0].rules") {
            $0.rules = [rule { $0.routes = [.shadow] }]
            $0.guards = [guarded(.rollBack)]
        },
        Case("no time to cool down", "guards[0].coolDownSeconds") {
            $0.rules = [rule()]
            $0.guards = [guarded(.rollBack) { $0.coolDownSeconds = 0 }]
        },
        Case("the same name twice", "guards[1].name") {
            $0.rules = [rule()]
            $0.guards = [guarded(.rollBack), guarded(.page)]
        },
    ]

    @Test("what cannot be is told with its place, and nothing else", arguments: rules + guards)
    func problems(one: Case) {
        #expect(Self.check.problems(in: one.spec).map(\.path) == one.paths)
    }

    @Test("names are not checked where they are not known")
    func unknown() {
        var spec = MonitoringSpec()
        spec.rules = [
            Self.rule {
                $0.subjects = ["anything"]
                $0.receivers = ["anybody"]
            }
        ]
        #expect(RuleCheck().problems(in: spec).isEmpty)
    }

    @Test("every signal has traits that fit each other", arguments: SignalKind.allCases)
    func traits(kind: SignalKind) {
        #expect(!kind.traits.isShare || kind.traits.range == 0...1)
        #expect(kind.traits.range.lowerBound < kind.traits.range.upperBound)
    }
}
