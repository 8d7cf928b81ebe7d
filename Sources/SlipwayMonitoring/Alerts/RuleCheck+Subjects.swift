// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a rule looks at: columns and versions that exist, and signals that are measured.
extension RuleCheck {
    func subjectProblems(_ rule: AlertRule, _ kind: SignalKind, _ path: String) -> [Problem] {
        guard !rule.subjects.isEmpty else { return [] }
        guard rule.subjects.count <= Self.maximumEntries else {
            return [
                Problem(
                    "\(path).subjects", "has \(rule.subjects.count) entries, expected \(Self.maximumEntries) at most")
            ]
        }
        switch kind.traits.subject {
        case .none:
            return [Problem("\(path).subjects", "can never fire: \(kind.rawValue) is not told of parts, leave it out")]
        case .column:
            guard let columns else { return [] }
            return rule.subjects.enumerated().filter { !columns.contains($0.element) }.map { index, name in
                Problem(
                    "\(path).subjects[\(index)]", "can never fire: there is no feature or output '\(name.prefix(64))'",
                    word: name, known: columns)
            }
        case .segment, .named:
            return []
        }
    }

    static func routeProblems(_ rule: AlertRule, _ kind: SignalKind, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        for route in rule.routes where ![.primary, .canary, .shadow, .rule].contains(route) {
            problems.append(
                Problem(
                    "\(path).routes", "can never fire: no version is \(route.rawValue); write primary, canary or shadow"
                ))
        }
        if rule.baseline == .primary, !rule.routes.isEmpty, Set(rule.routes) == [.primary] {
            problems.append(
                Problem("\(path).routes", "can never fire: the primary does not differ from itself"))
        }
        if kind.traits.family == .house, rule.baseline == .primary || !rule.routes.isEmpty {
            problems.append(
                Problem(path, "can never fire: \(kind.rawValue) is of the whole replica, not of a version"))
        }
        return problems
    }

    /// Signals that the endpoint's own settings keep from being measured.
    func measurableProblems(
        _ rule: AlertRule, _ kind: SignalKind, _ spec: MonitoringSpec, _ path: String
    ) -> [Problem] {
        let family = kind.traits.family
        if spec.isEnabled == false, family != .service, family != .house {
            return [
                Problem(
                    "\(path).signal", "can never fire: monitoring is not enabled, so nobody measures \(kind.rawValue)")
            ]
        }
        if [.captureDropRate, .captureStopped].contains(kind), spec.capture == nil {
            return [Problem("\(path).signal", "can never fire: the endpoint captures nothing")]
        }
        let wrongTask: Bool
        switch (spec.task ?? task, family) {
        case (.classification?, .regression), (.regression?, .classification), (.other?, .regression),
            (.other?, .classification):
            wrongTask = true
        default: wrongTask = false
        }
        if wrongTask, let task = spec.task ?? task {
            let what = task == .other ? "neither classes nor numbers to be right about" : "\(task.rawValue)"
            return [Problem("\(path).signal", "can never fire: the model's task is \(what)")]
        }
        let isWindowed = [.drift, .data, .anomaly].contains(family)
        if isWindowed, let rows = spec.bucketRows, rows > 0 {
            let (held, overflow) = rows.multipliedReportingOverflow(by: spec.buckets ?? MonitoringSpec.usualBuckets)
            let least = RuleJudge.minimumSamples(rule)
            if !overflow, held < least {
                return [
                    Problem(
                        "\(path).minimumSamples", "can never fire: it is \(least), and a window holds \(held) rows")
                ]
            }
        }
        return []
    }

    /// Two rules of which one holds whatever the value is.
    static func contradictions(_ rules: [AlertRule]) -> [Problem] {
        var problems: [Problem] = []
        for (index, rule) in rules.enumerated() {
            let opposite = rules[..<index].first { other in
                guard other.signal == rule.signal, other.baseline == rule.baseline, other.comparison != rule.comparison,
                    let one = rule.threshold, let two = other.threshold
                else { return false }
                let (above, below) = rule.comparison == .above ? (one, two) : (two, one)
                return above < below && overlap(rule.subjects, other.subjects) && overlap(rule.routes, other.routes)
                    && rule.expectedRunSeconds == nil && other.expectedRunSeconds == nil
            }
            guard let opposite else { continue }
            problems.append(
                Problem(
                    "rules[\(index)].threshold",
                    "contradicts '\(opposite.name)': every value of \(rule.signal) sets one of them off"))
        }
        return problems
    }

    private static func overlap<T: Hashable>(_ one: [T], _ other: [T]) -> Bool {
        one.isEmpty || other.isEmpty || !Set(one).isDisjoint(with: other)
    }
}
