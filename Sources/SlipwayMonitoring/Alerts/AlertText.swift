// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// The sentence with which an alert explains itself.
enum AlertText {
    /// Four significant digits: `0.3142`, `12040`, `1.2e-09`.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        let digits = 3 - Int(log10(abs(value)).rounded(.down))
        // Far ends need no rounding to be short to read.
        guard abs(digits) < 300 else { return "\(value)" }
        let scale = pow(10, Double(abs(digits)))
        let rounded = digits >= 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
        if let whole = Int(exactly: rounded) { return "\(whole)" }
        return "\(rounded)"
    }

    /// `90s`, `1h`, `30d`.
    static func time(seconds: Double) -> String {
        for (unit, scale) in [("d", 86_400.0), ("h", 3600), ("m", 60)]
        where seconds >= scale && (seconds / scale).rounded() == seconds / scale {
            return number(seconds / scale) + unit
        }
        return number(seconds) + "s"
    }

    /// `psi of 'age' on fraud:4 (canary)`.
    static func subject(_ key: SignalKey, route: RouteKind?) -> String {
        var text = key.kind.rawValue
        if let subject = key.subject { text += " of '\(subject)'" }
        text += " on " + (key.version.map { "\($0)" } ?? "endpoint \(key.endpoint)")
        if let route { text += " (\(route.rawValue))" }
        return text
    }

    /// One sentence: what moved, from what to what, how sure it is.
    static func summary(of judgement: RuleJudgement, rule: AlertRule, route: RouteKind?) -> String {
        let reading = judgement.reading
        var text = "\(subject(judgement.key, route: route)) is \(number(reading.value))"
        if let limit = judgement.limit { text += ", \(rule.comparison.rawValue) \(number(limit))" }
        if let primary = judgement.primaryValue {
            let difference = reading.value - primary
            text += ", \(number(primary)) on the primary (\(difference < 0 ? "" : "+")\(number(difference)))"
        } else if let edge = judgement.pastEdge {
            text += ", usually \(rule.comparison == .above ? "up" : "down") to \(number(edge))"
        } else if let reference = reading.reference {
            text += ", \(number(reference)) in the reference"
        }
        text += "; \(reading.samples) samples"
        if let pValue = judgement.pValue, let level = judgement.level {
            text += ", by chance with p \(number(pValue)) (limit \(number(level)))"
        }
        if let explanation = reading.explanation { text += "; \(explanation)" }
        return text
    }
}
