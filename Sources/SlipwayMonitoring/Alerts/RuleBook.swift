// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What came of holding the rules against a report.
package struct RuleOutcome: Sendable {
    /// Alerts whose state changed: to be stored. One that was pending and is over without having fired has no
    /// ``Alert/firedAt``.
    package var changed: [Alert] = []
    /// All that fire, silenced ones too, with their newest reading.
    package var firing: [Alert] = []
    /// To be told now.
    package var notices: [AlertNotice] = []

    package init() {}
}

/// Turns reports into alerts by the rules of every endpoint.
///
/// Owns no clock: time is what passes between reports. A wall clock that steps back stands still for it, and one that
/// leaps counts as ``longestStep``, so that a step neither fires nor ends an alert by itself. Silences keep alerts from
/// being told, nothing else: guards act on silenced alerts too.
package struct RuleBook: Sendable {
    /// The most that counts as passed between two reports.
    package let longestStep: Duration

    private struct TrackKey: Sendable, Hashable {
        var rule: String
        var key: SignalKey
    }

    private var rules: [String: [AlertRule]] = [:]
    private var windowSeconds: [String: Double] = [:]
    private var tracks: [TrackKey: AlertTrack] = [:]
    private var board = NoticeBoard()
    /// What is usual, for rules whose baseline is the past; learned again after a restart.
    private var baselines: [TrackKey: MovingBaseline] = [:]
    private var lastAt: Timestamp?
    private var nowMs: Int64 = 0

    package init(longestStep: Duration = .seconds(60)) { self.longestStep = longestStep }

    /// Replaces all rules. Alerts of rules that are gone end with the next report.
    ///
    /// - Parameter windowSeconds: Of each endpoint's sliding windows; an hour where it is not named.
    package mutating func setRules(_ rules: [String: [AlertRule]], windowSeconds: [String: Double] = [:]) {
        self.rules = rules
        baselines = baselines.filter { key, _ in rules[key.key.endpoint]?.contains { $0.name == key.rule } == true }
        self.windowSeconds = windowSeconds
    }

    /// Replaces all rules by those of the specs, or the default ones where a spec has none.
    package mutating func follow(_ specs: [String: MonitoringSpec]) {
        setRules(
            specs.mapValues(DefaultRules.effective), windowSeconds: specs.compactMapValues(\.windowSeconds))
    }

    /// Takes up alerts that were stored before a restart; those that fire count as told unless they were silenced.
    package mutating func restore(_ alerts: [Alert]) {
        for alert in alerts where alert.state != .resolved {
            let key = TrackKey(rule: alert.rule, key: alert.key)
            guard tracks[key] == nil else { continue }
            tracks[key] = AlertTrack(restored: alert)
            if alert.state == .firing, !alert.isSilenced { board.restore(alert) }
        }
    }

    /// Takes over the beginnings of alerts that other replicas found first, so that all go on with one record.
    package mutating func adopt(_ standing: [Alert]) {
        for alert in standing { tracks[TrackKey(rule: alert.rule, key: alert.key)]?.adopt(alert) }
    }

    /// Alerts that are pending or fire, with the newest reading that held; in no order.
    package var open: [Alert] { tracks.values.map(\.alert) }

    /// Holds every rule against a report.
    ///
    /// - Parameters:
    ///   - routes: By endpoint, the part of each version that is served; of an endpoint that is not in it every version
    ///     counts.
    ///   - silences: All there are; those that are over say nothing.
    package mutating func evaluate(
        _ report: SignalReport, routes: [String: [VersionID: RouteKind]], silences: [Silence]
    ) -> RuleOutcome {
        let elapsedMs = advance(to: report.at)
        var outcome = RuleOutcome()
        var judged: Set<TrackKey> = []
        let readings = index(report)
        for (endpoint, rules) in rules {
            for rule in rules {
                var judge = RuleJudge(
                    rule: rule, readings: readings[endpoint] ?? [:], routes: routes[endpoint],
                    windowSeconds: windowSeconds[endpoint] ?? 3600)
                if rule.baseline == .past { judge.pastEdges = pastEdges(of: rule, judge.meant()) }
                var beyond: Set<SignalKey> = []
                for judgement in judge.judgements() {
                    if judgement.verdict == .holds { beyond.insert(judgement.key) }
                    let key = TrackKey(rule: rule.name, key: judgement.key)
                    judged.insert(key)
                    let route = judgement.key.version.flatMap { routes[endpoint]?[$0] }
                    follow(judgement, rule: rule, route: route, elapsedMs: elapsedMs, at: report.at, &outcome)
                }
                if rule.baseline == .past { remember(judge.meant(), but: beyond, rule: rule) }
            }
        }
        stepUnjudged(judged, routes: routes, elapsedMs: elapsedMs, at: report.at, &outcome)
        tell(silences, at: report.at, &outcome)
        return outcome
    }

    private func pastEdges(of rule: AlertRule, _ found: [SignalKey: SignalReading]) -> [SignalKey: Double] {
        var edges: [SignalKey: Double] = [:]
        for key in found.keys {
            edges[key] = baselines[TrackKey(rule: rule.name, key: key)]?.edge(rule.comparison)
        }
        return edges
    }

    /// What is beyond the usual does not become usual by it.
    private mutating func remember(
        _ found: [SignalKey: SignalReading], but beyond: Set<SignalKey>, rule: AlertRule
    ) {
        for (key, reading) in found where !beyond.contains(key) && reading.samples >= RuleJudge.minimumSamples(rule) {
            let track = TrackKey(rule: rule.name, key: key)
            if baselines[track] == nil {
                // Versions come and go.
                baselines = baselines.filter { !$0.value.isStale(nowMs: nowMs) }
            }
            baselines[track, default: MovingBaseline(nowMs: nowMs)].add(reading.value, nowMs: nowMs)
        }
    }

    private mutating func advance(to at: Timestamp) -> Int64 {
        defer { lastAt = at }
        guard let lastAt, at > lastAt else { return 0 }
        let passed = at.milliseconds.subtractingReportingOverflow(lastAt.milliseconds)
        let longest = Int64(longestStep / .milliseconds(1))
        let elapsed = passed.overflow ? longest : min(passed.partialValue, longest)
        nowMs += elapsed
        return elapsed
    }

    /// By endpoint and kind, only what rules ask for.
    private func index(_ report: SignalReport) -> [String: RuleJudge.Readings] {
        let wanted = rules.mapValues { rules in
            Set(rules.compactMap { SignalKind(rawValue: $0.signal) }.flatMap { [$0] + $0.lendsTest })
        }
        var index: [String: RuleJudge.Readings] = [:]
        for (key, reading) in report.readings where wanted[key.endpoint]?.contains(key.kind) == true {
            index[key.endpoint, default: [:]][key.kind, default: [:]][key] = reading
        }
        return index
    }

    private mutating func follow(
        _ judgement: RuleJudgement, rule: AlertRule, route: RouteKind?, elapsedMs: Int64, at: Timestamp,
        _ outcome: inout RuleOutcome
    ) {
        let key = TrackKey(rule: rule.name, key: judgement.key)
        guard judgement.verdict == .holds || tracks[key] != nil else { return }
        let summary = judgement.verdict == .holds ? AlertText.summary(of: judgement, rule: rule, route: route) : ""
        var track =
            tracks[key]
            ?? AlertTrack(
                Alert(
                    rule: rule.name, severity: rule.severity, key: judgement.key, state: .pending, startedAt: at,
                    reading: judgement.reading, threshold: judgement.threshold, summary: summary))
        // The evidence is what held last, not the reading that ended it.
        if judgement.verdict == .holds {
            track.update(
                reading: judgement.reading, threshold: judgement.threshold, summary: summary, severity: rule.severity)
        }
        let transition = track.step(judgement.verdict, rule: rule, isGone: false, elapsedMs: elapsedMs, at: at)
        settle(key, track, transition, &outcome)
    }

    /// Alerts of which nothing was said this time.
    private mutating func stepUnjudged(
        _ judged: Set<TrackKey>, routes: [String: [VersionID: RouteKind]], elapsedMs: Int64, at: Timestamp,
        _ outcome: inout RuleOutcome
    ) {
        for (key, unjudged) in tracks where !judged.contains(key) {
            var track = unjudged
            let endpoint = key.key.endpoint
            let transition: AlertTrack.Transition
            if let rule = rules[endpoint]?.first(where: { $0.name == key.rule }), rule.signal == key.key.kind.rawValue {
                let isGone = Self.isGone(key.key.version, routes[endpoint])
                transition = track.step(nil, rule: rule, isGone: isGone, elapsedMs: elapsedMs, at: at)
            } else {
                transition = track.withdraw(at: at)
            }
            settle(key, track, transition, &outcome)
        }
    }

    private static func isGone(_ version: VersionID?, _ routes: [VersionID: RouteKind]?) -> Bool {
        guard let version, let routes else { return false }
        return routes[version] == nil
    }

    private mutating func settle(
        _ key: TrackKey, _ track: AlertTrack, _ transition: AlertTrack.Transition, _ outcome: inout RuleOutcome
    ) {
        tracks[key] = track.isOver ? nil : track
        if transition != .none { outcome.changed.append(track.alert) }
        if transition == .ended { board.ended(track.alert) }
    }

    private mutating func tell(_ silences: [Silence], at: Timestamp, _ outcome: inout RuleOutcome) {
        let inForce = silences.filter { $0.until > at }
        for (key, track) in tracks where track.alert.state == .firing {
            let isSilenced = inForce.contains { $0.covers(track.alert) }
            if isSilenced != track.alert.isSilenced { tracks[key]?.silence(isSilenced) }
            guard let alert = tracks[key]?.alert else { continue }
            outcome.firing.append(alert)
            board.firing(alert)
        }
        outcome.changed = outcome.changed.map { alert in
            tracks[TrackKey(rule: alert.rule, key: alert.key)]?.alert ?? alert
        }
        outcome.notices = board.due(nowMs: nowMs, at: at, firing: outcome.firing)
    }
}

extension Silence {
    /// Whether an alert is meant: what the silence does not name may be anything.
    func covers(_ alert: Alert) -> Bool {
        (endpoint == nil || endpoint == alert.key.endpoint) && (rule == nil || rule == alert.rule)
            && (subject == nil || subject == alert.key.subject)
    }
}
