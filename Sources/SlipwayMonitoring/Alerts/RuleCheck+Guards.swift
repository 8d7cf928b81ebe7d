// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Guards: rules and receivers that exist, and actions that can do something.
extension RuleCheck {
    func guardProblems(_ spec: MonitoringSpec) -> [Problem] {
        let rules = DefaultRules.effective(of: spec)
        var problems = Self.duplicates(spec.guards.map(\.name), in: "guards")
        for (index, one) in spec.guards.enumerated() {
            let path = "guards[\(index)]"
            if let problem = Self.nameProblem(one.name, at: "\(path).name") { problems.append(problem) }
            problems += Self.ruleProblems(one, among: rules, path) + argumentProblems(one, path)
            if let seconds = one.coolDownSeconds, !(seconds >= 1 && seconds <= 30 * 86_400) {
                problems.append(Problem("\(path).coolDownSeconds", "is \(seconds), expected 1s to 30d"))
            }
        }
        return problems
    }

    private static func ruleProblems(_ one: GuardSpec, among rules: [AlertRule], _ path: String) -> [Problem] {
        guard !one.rules.isEmpty else {
            return [Problem("\(path).rules", "is empty: nothing can set the guard off")]
        }
        guard one.rules.count <= maximumEntries else {
            return [Problem("\(path).rules", "has \(one.rules.count) entries, expected \(maximumEntries) at most")]
        }
        let known = rules.map(\.name)
        var problems: [Problem] = one.rules.enumerated().filter { !known.contains($0.element) }.map { index, name in
            Problem("\(path).rules[\(index)]", "there is no rule '\(name.prefix(64))'", word: name, known: known)
        }
        let named = rules.filter { one.rules.contains($0.name) }
        let canaryOnly: [GuardSpec.Action] = [.stopRollout, .shiftTraffic]
        if problems.isEmpty, canaryOnly.contains(one.action),
            named.allSatisfy({ !$0.routes.isEmpty && !$0.routes.contains(.canary) })
        {
            problems.append(
                Problem(
                    "\(path).action", "\(one.action.rawValue) is about canaries, and none of its rules looks at them"))
        }
        let traffic: [GuardSpec.Action] = canaryOnly + [.rollBack, .fallback]
        if problems.isEmpty, traffic.contains(one.action),
            named.allSatisfy({ !$0.routes.isEmpty && Set($0.routes) == [.shadow] })
        {
            problems.append(
                Problem(
                    "\(path).rules",
                    "look at shadows only, which answer nobody: \(one.action.rawValue) would help nobody"))
        }
        return problems
    }

    private func argumentProblems(_ one: GuardSpec, _ path: String) -> [Problem] {
        var problems: [Problem] = []
        if one.action == .fallback, one.fallback == nil {
            problems.append(Problem("\(path).fallback", "the guard has no version to fall back to"))
        }
        if one.action != .fallback, one.fallback != nil {
            problems.append(Problem("\(path).fallback", "has no meaning for \(one.action.rawValue)"))
        }
        if one.action == .retrain, one.receiver == nil {
            problems.append(Problem("\(path).receiver", "the guard has no receiver that retrains"))
        }
        if let receiver = one.receiver {
            if ![.page, .retrain].contains(one.action) {
                problems.append(Problem("\(path).receiver", "has no meaning for \(one.action.rawValue)"))
            } else {
                problems += receiverProblem(receiver, at: "\(path).receiver")
            }
        }
        return problems
    }
}
