// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides whether rules and guards can be an endpoint's: names that exist, nothing that contradicts, no rule that can
/// never fire.
package struct RuleCheck: Sendable {
    package struct Problem: Sendable, Hashable {
        /// Within the monitoring's JSON: `rules[0].threshold`.
        package let path: String
        package let message: String
        /// A name that is not known, and those that are, for a suggestion.
        package let word: String?
        package let known: [String]

        init(_ path: String, _ message: String, word: String? = nil, known: [String] = []) {
            self.path = path
            self.message = message
            self.word = word
            self.known = known
        }
    }

    /// The most rules, and the most guards.
    package static let maximumEntries = 100
    /// Ten years.
    static let longestSeconds = 3660 * 86_400.0

    /// Names of features and outputs that readings can be of; `nil` when they are not known.
    package var columns: [String]?
    /// What the model does, where it is known and the spec does not say it.
    package var task: PredictionTask?
    /// Names of receivers; `nil` when they are not known here.
    package var receivers: [String]?

    package init(columns: [String]? = nil, task: PredictionTask? = nil, receivers: [String]? = nil) {
        self.columns = columns
        self.task = task
        self.receivers = receivers
    }

    /// Everything that is wrong, in the spec's order; empty when it may be applied.
    package func problems(in spec: MonitoringSpec) -> [Problem] {
        let tooMany = [("rules", spec.rules.count), ("guards", spec.guards.count)].filter {
            $0.1 > Self.maximumEntries
        }
        // Also bounds the time of what follows.
        guard tooMany.isEmpty else {
            return tooMany.map { Problem($0.0, "has \($0.1) entries, expected \(Self.maximumEntries) at most") }
        }
        var problems: [Problem] = []
        for (index, rule) in spec.rules.enumerated() { problems += self.problems(of: rule, at: index, in: spec) }
        problems += Self.duplicates(spec.rules.map(\.name), in: "rules")
        problems += Self.contradictions(spec.rules)
        problems += guardProblems(spec)
        return problems
    }

    static func duplicates(_ names: [String], in list: String) -> [Problem] {
        var seen: Set<String> = []
        return names.enumerated().compactMap { index, name in
            seen.insert(name).inserted ? nil : Problem("\(list)[\(index)].name", "'\(name)' is there twice")
        }
    }

    static func nameProblem(_ name: String, at path: String) -> Problem? {
        let isName =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    true
                default: "-_.".utf8.contains(byte)
                }
            }
        return isName ? nil : Problem(path, "is not a name: expected 1 to 64 letters, digits, '-', '_' and '.'")
    }

    // MARK: One rule

    private func problems(of rule: AlertRule, at index: Int, in spec: MonitoringSpec) -> [Problem] {
        let path = "rules[\(index)]"
        var problems = [Self.nameProblem(rule.name, at: "\(path).name")].compactMap(\.self)
        guard let kind = SignalKind(rawValue: rule.signal) else {
            let known = SignalKind.allCases.map(\.rawValue)
            return problems + [
                Problem(
                    "\(path).signal", "there is no signal '\(rule.signal.prefix(64))'", word: rule.signal, known: known)
            ]
        }
        problems += Self.numberProblems(rule, path)
        problems += kind == .burnRate ? Self.burnProblems(rule, path) : Self.thresholdProblems(rule, kind, path)
        problems += subjectProblems(rule, kind, path)
        problems += Self.routeProblems(rule, kind, path) + measurableProblems(rule, kind, spec, path)
        for receiver in rule.receivers { problems += receiverProblem(receiver, at: "\(path).receivers") }
        return problems
    }

    func receiverProblem(_ name: String, at path: String) -> [Problem] {
        guard let receivers, !receivers.contains(name) else { return [] }
        return [Problem(path, "there is no receiver '\(name.prefix(64))'", word: name, known: receivers)]
    }

    private static func numberProblems(_ rule: AlertRule, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        for (member, value, least) in [
            ("forSeconds", rule.forSeconds, 0.0), ("clearSeconds", rule.clearSeconds, 0),
            ("expectedRunSeconds", rule.expectedRunSeconds, 60), ("longWindowSeconds", rule.longWindowSeconds, 12),
        ] {
            guard let value, !(value >= least && value <= longestSeconds) else { continue }
            problems.append(
                Problem("\(path).\(member)", "is \(value), expected \(AlertText.time(seconds: least)) to ten years"))
        }
        if let samples = rule.minimumSamples, !(1...1_000_000_000).contains(samples) {
            problems.append(Problem("\(path).minimumSamples", "is \(samples), expected 1 to a billion"))
        }
        for (member, value) in [("threshold", rule.threshold), ("clearThreshold", rule.clearThreshold)] {
            guard let value, !value.isFinite else { continue }
            problems.append(Problem("\(path).\(member)", "is \(value), expected a number"))
        }
        return problems
    }

    private static func thresholdProblems(_ rule: AlertRule, _ kind: SignalKind, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        for (member, isThere) in [
            ("objective", rule.objective != nil), ("longWindowSeconds", rule.longWindowSeconds != nil),
        ] where isThere {
            problems.append(Problem("\(path).\(member)", "has no meaning for \(kind.rawValue): it is for burn_rate"))
        }
        let hasTest = rule.baseline == .primary ? kind.traits.hasPrimaryTest : kind.traits.hasTest
        guard let threshold = rule.threshold else {
            if rule.clearThreshold != nil {
                problems.append(Problem("\(path).clearThreshold", "has no meaning without a threshold"))
            }
            if rule.baseline == .past {
                problems.append(
                    Problem(path, "can never fire: what is usual needs a threshold to be held against, such as 1.5"))
            } else if rule.expectedRunSeconds == nil {
                problems.append(
                    Problem(path, "can never fire: it has neither a threshold nor an expected run"))
            } else if !hasTest {
                problems.append(
                    Problem(
                        "\(path).expectedRunSeconds",
                        "\(kind.rawValue) has no test that tells chance from change: give a threshold"))
            }
            return problems
        }
        guard threshold.isFinite else { return problems }
        if rule.baseline == .past { return problems + pastProblems(rule, threshold, path) }
        if rule.expectedRunSeconds != nil, !hasTest {
            problems.append(
                Problem(
                    "\(path).expectedRunSeconds",
                    "\(kind.rawValue) has no test that tells chance from change: leave it out"))
        }
        problems += rangeProblems(rule, kind, threshold, path)
        if let clear = rule.clearThreshold, clear.isFinite,
            rule.comparison == .above ? clear > threshold : clear < threshold
        {
            problems.append(
                Problem(
                    "\(path).clearThreshold",
                    "is \(AlertText.number(clear)): an alert \(rule.comparison.rawValue) "
                        + "\(AlertText.number(threshold)) would end before it begins"))
        }
        return problems
    }

    /// The past is no test, and what ends an alert is that the signal is as usual again.
    private static func pastProblems(_ rule: AlertRule, _ threshold: Double, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        if threshold <= 0 {
            problems.append(
                Problem("\(path).threshold", "is \(threshold), expected a multiple of what is usual, such as 1.5"))
        }
        for (member, isThere) in [
            ("expectedRunSeconds", rule.expectedRunSeconds != nil), ("clearThreshold", rule.clearThreshold != nil),
        ] where isThere {
            problems.append(Problem("\(path).\(member)", "has no meaning where the past is the baseline"))
        }
        return problems
    }

    /// A threshold that no value of the signal can pass.
    private static func rangeProblems(
        _ rule: AlertRule, _ kind: SignalKind, _ threshold: Double, _ path: String
    ) -> [Problem] {
        var range = kind.traits.range
        if rule.baseline == .primary {
            let width = range.upperBound - range.lowerBound
            range = -width...width
        }
        let never =
            rule.comparison == .above ? threshold >= range.upperBound : threshold <= range.lowerBound
        guard never else { return [] }
        let edge = rule.comparison == .above ? range.upperBound : range.lowerBound
        let what = rule.baseline == .primary ? "a difference of \(kind.rawValue)" : kind.rawValue
        return [
            Problem(
                "\(path).threshold",
                "can never fire: \(what) is never \(rule.comparison.rawValue) \(AlertText.number(edge))")
        ]
    }

    private static func burnProblems(_ rule: AlertRule, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        if rule.comparison == .below {
            problems.append(
                Problem("\(path).comparison", "is below, but burn_rate tells budgets that are spent too fast"))
        }
        if rule.baseline != .absolute {
            problems.append(Problem("\(path).baseline", "has no meaning for burn_rate: compare error_rate"))
        }
        if rule.expectedRunSeconds != nil {
            problems.append(Problem("\(path).expectedRunSeconds", "has no meaning for burn_rate: give a threshold"))
        }
        guard let objective = rule.objective, objective > 0, objective < 1 else {
            return problems + [
                Problem("\(path).objective", "burn_rate needs the share of good requests, such as 0.999")
            ]
        }
        guard let threshold = rule.threshold, threshold > 0, threshold.isFinite else {
            return problems + [
                Problem("\(path).threshold", "burn_rate needs how many times too fast is too fast, such as 14.4")
            ]
        }
        let most = 1 / (1 - objective)
        // Less a rounding: 1 / (1 - 0.9) is above 10.
        if threshold >= most * (1 - 1e-9) {
            problems.append(
                Problem(
                    "\(path).threshold",
                    "can never fire: with all requests bad the budget burns \(AlertText.number(most)) times too fast"))
        }
        if let clear = rule.clearThreshold, clear > threshold {
            problems.append(Problem("\(path).clearThreshold", "an alert would end before it begins"))
        }
        return problems
    }
}
