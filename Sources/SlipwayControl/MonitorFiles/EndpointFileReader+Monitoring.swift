// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Yams

/// The `monitoring` of an endpoint: plain values, capture, rules and guards.
extension EndpointFileReader {
    mutating func readMonitoring(_ field: Field, into draft: inout EndpointDraft) {
        draft.lines["monitoring"] = field.line
        let leaves = SpecLeaf.all.filter { $0.section == "monitoring" }
        let values = fields(
            of: field.value, known: leaves.map(\.key) + ["capture", "rules", "guards"], named: "'monitoring'")
        for leaf in leaves { read(leaf, values[leaf.key], into: &draft) }
        if let entry = values["capture"] { readCapture(entry, into: &draft) }
        if let entry = values["rules"] { readAlertRules(entry, into: &draft) }
        if let entry = values["guards"] { readGuards(entry, into: &draft) }
    }

    // MARK: Capture

    private mutating func readCapture(_ field: Field, into draft: inout EndpointDraft) {
        let path = "monitoring.capture"
        draft.lines[path] = field.line
        let known = ["rate", "max_bytes", "max_age", "redact", "compression"]
        let values = fields(of: field.value, known: known, named: "'capture'")
        guard field.value.mapping != nil else { return }
        guard let entry = values["rate"] else {
            return problems.add(field.line, "'capture' has no 'rate', such as 10%")
        }
        guard let rate = share(entry, named: "rate") else { return }
        var capture = CaptureSpec(rate: rate)
        capture.maximumBytes = bytes(values["max_bytes"], named: "max_bytes")
        capture.maximumAgeSeconds = seconds(values["max_age"], named: "max_age")
        capture.redacted = words(values["redact"], named: "redact", example: "[name, email]")
        if let text = text(values["compression"], named: "compression") {
            let known = ["lz4", "zstd", "none"]
            if !known.contains(text) {
                problems.add(
                    values["compression"]?.line ?? field.line,
                    "'compression' is '\(text.prefix(64))'" + NearestWord.hint(text, among: known))
            }
            capture.compression = text
        }
        for (member, key) in [
            ("rate", "rate"), ("maximumBytes", "max_bytes"), ("maximumAgeSeconds", "max_age"), ("redacted", "redact"),
            ("compression", "compression"),
        ] { draft.lines["\(path).\(member)"] = values[key]?.line }
        draft.settings.monitoring.capture = capture
    }

    // MARK: Rules

    private static let ruleKeys = [
        "name", "signal", "subjects", "routes", "above", "below", "baseline", "expected_run", "min_samples", "for",
        "clear", "clear_for", "objective", "window", "severity", "receivers",
    ]
    /// The members of a rule by their keys, for lines.
    private static let ruleMembers = [
        "name": "name", "signal": "signal", "subjects": "subjects", "routes": "routes", "above": "threshold",
        "below": "threshold", "baseline": "baseline", "expected_run": "expectedRunSeconds",
        "min_samples": "minimumSamples", "for": "forSeconds", "clear": "clearThreshold", "clear_for": "clearSeconds",
        "objective": "objective", "window": "longWindowSeconds", "severity": "severity", "receivers": "receivers",
    ]

    private mutating func readAlertRules(_ field: Field, into draft: inout EndpointDraft) {
        draft.lines["monitoring.rules"] = field.line
        for item in items(of: field, named: "rules", example: "[{name: drift, signal: psi, above: 0.2}]") {
            let line = Self.line(item)
            let values = fields(of: item, known: Self.ruleKeys, named: "a rule")
            guard item.mapping != nil else { continue }
            let name = text(values["name"], named: "name")
            if values["name"] == nil { problems.add(line, "the rule has no 'name', such as drift") }
            let signal = word(
                values["signal"], named: "signal", among: SignalKind.allCases.map(\.rawValue), owner: ("rule", line))
            guard let name, let signal else { continue }
            var rule = AlertRule(name: name, signal: signal)
            readThreshold(values, line, into: &rule)
            readRuleNumbers(values, into: &rule)
            readRuleWords(values, into: &rule)
            let path = "monitoring.rules[\(draft.settings.monitoring.rules.count)]"
            draft.lines[path] = line
            for (key, member) in Self.ruleMembers {
                if let place = values[key]?.line { draft.lines["\(path).\(member)"] = place }
            }
            draft.settings.monitoring.rules.append(rule)
        }
    }

    /// `above: 0.2`, `below: 0.9`, or `chance` where the expected run decides.
    private mutating func readThreshold(_ values: [String: Field], _ line: Int, into rule: inout AlertRule) {
        if values["above"] != nil, let second = values["below"] {
            return problems.add(second.line, "the rule has 'above' and 'below': make two rules of it")
        }
        rule.comparison = values["below"] == nil ? .above : .below
        let key = rule.comparison.rawValue
        guard let entry = values[key], let text = text(entry, named: key), text != "chance" else { return }
        rule.threshold = Double(text)
        if rule.threshold == nil {
            problems.add(
                entry.line,
                "'\(key)' is '\(text.prefix(64))', expected a number, or chance where expected_run decides")
        }
    }

    private mutating func readRuleNumbers(_ values: [String: Field], into rule: inout AlertRule) {
        rule.expectedRunSeconds = seconds(values["expected_run"], named: "expected_run")
        rule.minimumSamples = count(values["min_samples"], named: "min_samples")
        rule.forSeconds = seconds(values["for"], named: "for")
        rule.clearThreshold = number(values["clear"], named: "clear")
        rule.clearSeconds = seconds(values["clear_for"], named: "clear_for")
        rule.longWindowSeconds = seconds(values["window"], named: "window")
        guard let entry = values["objective"], let text = text(entry, named: "objective") else { return }
        let percent = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
        guard let percent, percent > 0, percent < 1 else {
            return problems.add(entry.line, "'objective' is '\(text.prefix(64))', expected a share such as 99.9%")
        }
        rule.objective = percent
    }

    private mutating func readRuleWords(_ values: [String: Field], into rule: inout AlertRule) {
        rule.subjects = words(values["subjects"], named: "subjects", example: "[age, income]")
        rule.receivers = words(values["receivers"], named: "receivers", example: "[oncall]")
        let routes = words(values["routes"], named: "routes", example: "[canary]")
        let known = [RouteKind.primary, .canary, .shadow, .rule].map(\.rawValue)
        for route in routes {
            guard known.contains(route), let kind = RouteKind(rawValue: route) else {
                problems.add(
                    values["routes"]?.line ?? 1,
                    "'routes' has '\(route.prefix(64))'" + NearestWord.hint(route, among: known))
                continue
            }
            rule.routes.append(kind)
        }
        if let text = word(
            values["baseline"], named: "baseline", among: AlertRule.Baseline.allCases.map(\.rawValue), owner: nil)
        {
            rule.baseline = AlertRule.Baseline(rawValue: text) ?? .absolute
        }
        if let text = word(
            values["severity"], named: "severity", among: AlertRule.Severity.allCases.map(\.rawValue), owner: nil)
        {
            rule.severity = AlertRule.Severity(rawValue: text) ?? .warning
        }
    }

    // MARK: Guards

    private static let guardMembers = [
        "name": "name", "rules": "rules", "action": "action", "fallback": "fallback", "receiver": "receiver",
        "cool_down": "coolDownSeconds", "dry_run": "isDryRun",
    ]

    private mutating func readGuards(_ field: Field, into draft: inout EndpointDraft) {
        draft.lines["monitoring.guards"] = field.line
        let example = "[{name: undo, rules: [error-burst], action: roll-back}]"
        let actions = GuardSpec.Action.allCases.map(\.rawValue)
        for item in items(of: field, named: "guards", example: example) {
            let line = Self.line(item)
            let known = ["name", "rules", "action", "fallback", "receiver", "cool_down", "dry_run"]
            let values = fields(of: item, known: known, named: "a guard")
            guard item.mapping != nil else { continue }
            for key in ["name", "rules"] where values[key] == nil { problems.add(line, "the guard has no '\(key)'") }
            let name = text(values["name"], named: "name")
            let rules = words(values["rules"], named: "rules", example: "[error-burst]")
            let action = word(values["action"], named: "action", among: actions, owner: ("guard", line))
            guard let name, let action = action.flatMap({ GuardSpec.Action(rawValue: $0) }) else { continue }
            var spec = GuardSpec(name: name, rules: rules, action: action)
            spec.receiver = text(values["receiver"], named: "receiver")
            spec.coolDownSeconds = seconds(values["cool_down"], named: "cool_down")
            spec.isDryRun = flag(values["dry_run"], named: "dry_run") ?? false
            let index = draft.settings.monitoring.guards.count
            let path = "monitoring.guards[\(index)]"
            draft.lines[path] = line
            for (key, member) in Self.guardMembers {
                if let place = values[key]?.line { draft.lines["\(path).\(member)"] = place }
            }
            if let entry = values["fallback"], let reference = reference(entry, line: line, owner: "the guard") {
                draft.fallbackReferences.append((guard: index, reference: reference))
                spec.fallback = EndpointDraft.placeholder
            }
            draft.settings.monitoring.guards.append(spec)
        }
    }
}
