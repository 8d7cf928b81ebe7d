// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The life of one alert: pending, firing, resolved. Time comes in as what elapsed since the last step.
struct AlertTrack: Sendable {
    enum Transition: Sendable, Hashable {
        case none, began, fired
        /// It fired and is over.
        case ended
        /// It was pending and did not hold long enough.
        case dropped
    }

    /// How long a firing alert stays when nothing is said of it any more.
    static let longestSilenceMs: Int64 = 300_000

    private(set) var alert: Alert
    private var heldMs: Int64 = 0
    private var quietMs: Int64 = 0
    private var isNew = true

    init(_ alert: Alert) { self.alert = alert }

    /// One that was stored before a restart: what it held before does not count again, as nobody looked meanwhile.
    init(restored alert: Alert) {
        self.alert = alert
        isNew = false
    }

    var isOver: Bool { alert.state == .resolved }

    /// Takes over when it began, for another replica saw it first.
    mutating func adopt(_ standing: Alert) {
        guard alert.state == .firing else { return }
        alert.startedAt = standing.startedAt
        alert.firedAt = standing.firedAt
    }

    mutating func silence(_ isSilenced: Bool) { alert.isSilenced = isSilenced }

    /// - Parameters:
    ///   - verdict: `nil` when there is no reading, or too few samples.
    ///   - isGone: Whether there will be no reading any more: the version is not routed to.
    mutating func step(
        _ verdict: RuleJudgement.Verdict?, rule: AlertRule, isGone: Bool, elapsedMs: Int64, at: Timestamp
    ) -> Transition {
        let began = isNew
        isNew = false
        guard alert.state == .firing else {
            guard verdict == .holds else { return end(at, .dropped) }
            if !began { heldMs += elapsedMs }
            guard heldMs >= Self.milliseconds(rule.forSeconds ?? 0) else { return began ? .began : .none }
            alert.state = .firing
            alert.firedAt = max(at, alert.startedAt)
            return .fired
        }
        guard verdict == nil || verdict == .clear else {
            quietMs = 0
            return .none
        }
        quietMs += elapsedMs
        let wanted = Self.milliseconds(rule.clearSeconds ?? 60)
        let needed = verdict == nil && !isGone ? max(wanted, Self.longestSilenceMs) : wanted
        return quietMs >= needed ? end(at, .ended) : .none
    }

    /// What was measured and said last while it held.
    mutating func update(reading: SignalReading, threshold: Double, summary: String, severity: AlertRule.Severity) {
        alert.reading = reading
        alert.threshold = threshold
        alert.summary = summary
        alert.severity = severity
    }

    /// Ends it because its rule or endpoint is no more.
    mutating func withdraw(at: Timestamp) -> Transition { end(at, alert.state == .firing ? .ended : .dropped) }

    private mutating func end(_ at: Timestamp, _ transition: Transition) -> Transition {
        alert.state = .resolved
        alert.endedAt = max(at, alert.firedAt ?? alert.startedAt)
        return transition
    }

    static func milliseconds(_ seconds: Double) -> Int64 {
        guard seconds > 0 else { return 0 }
        return Int64(min(seconds, 3.2e9) * 1000)
    }
}
