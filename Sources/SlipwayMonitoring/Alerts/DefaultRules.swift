// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The rules of endpoints that declare none: few, and quiet.
package enum DefaultRules {
    /// A month between false alarms.
    package static let expectedRunSeconds = 30 * 86_400.0
    /// Below this a column has moved too little to matter, however sure the test is.
    package static let leastPSI = 0.1

    /// What an endpoint's rules are: its own, or else these.
    package static func effective(of spec: MonitoringSpec) -> [AlertRule] {
        var rules = spec.rules
        if rules.isEmpty { rules = spec.isEnabled == false ? [errorBurst] : [errorBurst, drift, notNumbers] }
        // Whoever wants requests kept hears when they are not.
        let isWatched = rules.contains { $0.signal == captureStopped.signal || $0.name == captureStopped.name }
        if spec.capture != nil, !isWatched { rules.append(captureStopped) }
        return rules
    }

    /// A fifth of the requests failed in the last minute, and in its last five seconds.
    private static var errorBurst: AlertRule {
        var rule = AlertRule(name: "error-burst", signal: SignalKind.burnRate.rawValue, threshold: 20)
        rule.objective = 0.99
        rule.longWindowSeconds = 60
        rule.minimumSamples = 50
        rule.severity = .critical
        return rule
    }

    /// Columns that moved, and not by chance: false discoveries among all of them are controlled.
    private static var drift: AlertRule {
        var rule = AlertRule(name: "drift", signal: SignalKind.psi.rawValue, threshold: leastPSI)
        rule.expectedRunSeconds = expectedRunSeconds
        rule.minimumSamples = 500
        rule.clearSeconds = 600
        return rule
    }

    /// The disk takes nothing: capture rests, serving goes on.
    private static var captureStopped: AlertRule {
        var rule = AlertRule(name: "capture-stopped", signal: SignalKind.captureStopped.rawValue, threshold: 0.5)
        rule.minimumSamples = 1
        return rule
    }

    /// One answer in a hundred is no number.
    private static var notNumbers: AlertRule {
        var rule = AlertRule(name: "nan-outputs", signal: SignalKind.notANumberRate.rawValue, threshold: 0.01)
        rule.minimumSamples = 100
        rule.severity = .critical
        return rule
    }
}
