// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Capture, rules and guards in the words of endpoint files, for comparisons.
enum MonitoringText {
    /// In the order in which they are shown.
    static let keys = ["monitoring.capture", "monitoring.rule", "monitoring.guard"]

    static func fields(of spec: MonitoringSpec) -> [(key: String, value: String)] {
        (spec.capture.map { [(keys[0], text($0))] } ?? []) + spec.rules.map { (keys[1], text($0)) }
            + spec.guards.map { (keys[2], text($0)) }
    }

    static func text(_ capture: CaptureSpec) -> String {
        var parts = ["\(capture.rate)"]
        if let bytes = capture.maximumBytes { parts.append("max_bytes \(UnitText.size(bytes))") }
        if let seconds = capture.maximumAgeSeconds { parts.append("max_age \(time(seconds))") }
        if !capture.redacted.isEmpty { parts.append("redact [\(capture.redacted.joined(separator: ", "))]") }
        if let compression = capture.compression { parts.append("compression \(compression)") }
        return parts.joined(separator: " ")
    }

    /// `drift: psi of [age] above 0.2 on [canary] for 5m, critical`.
    static func text(_ rule: AlertRule) -> String {
        var text = "\(rule.name): \(rule.signal)"
        if !rule.subjects.isEmpty { text += " of [\(rule.subjects.joined(separator: ", "))]" }
        text += " \(rule.comparison.rawValue) \(rule.threshold.map(UnitText.number) ?? "chance")"
        if rule.baseline != .absolute { text += " against the \(rule.baseline.rawValue)" }
        if !rule.routes.isEmpty { text += " on [\(rule.routes.map(\.rawValue).joined(separator: ", "))]" }
        let times: [(String, Double?)] = [
            ("for", rule.forSeconds), ("expected_run", rule.expectedRunSeconds), ("window", rule.longWindowSeconds),
            ("clear_for", rule.clearSeconds),
        ]
        for (key, seconds) in times {
            if let seconds { text += " \(key) \(time(seconds))" }
        }
        if let objective = rule.objective { text += " objective \(objective)" }
        if let clear = rule.clearThreshold { text += " clear \(UnitText.number(clear))" }
        if let samples = rule.minimumSamples { text += " min_samples \(samples)" }
        text += ", \(rule.severity.rawValue)"
        if !rule.receivers.isEmpty { text += " to [\(rule.receivers.joined(separator: ", "))]" }
        return text
    }

    /// `undo: roll-back on [drift]`.
    static func text(_ one: GuardSpec) -> String {
        var text = "\(one.name): \(one.action.rawValue) on [\(one.rules.joined(separator: ", "))]"
        if let fallback = one.fallback { text += " to \(fallback)" }
        if let receiver = one.receiver { text += " by \(receiver)" }
        if let seconds = one.coolDownSeconds { text += " cool_down \(time(seconds))" }
        if one.isDryRun { text += " dry_run" }
        return text
    }

    private static func time(_ seconds: Double) -> String { UnitText.time(milliseconds: seconds * 1000) }
}
