// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Holds one rule against the readings of one endpoint; knows nothing of time.
struct RuleJudge {
    typealias Readings = [SignalKind: [SignalKey: SignalReading]]

    let rule: AlertRule
    let readings: Readings
    /// `nil` where the endpoint's routes are not known: then every version counts.
    let routes: [VersionID: RouteKind]?
    let windowSeconds: Double
    /// The ends of what was usual, for rules whose baseline is the past.
    var pastEdges: [SignalKey: Double] = [:]

    /// A test whose p-value is at most this many times its limit does not end an alert yet.
    private static let clearFactor = 10.0
    /// The run length of differences from the primary, where the rule names none.
    private static let usualRunSeconds = 30 * 86_400.0

    static func minimumSamples(_ rule: AlertRule) -> Int { max(1, rule.minimumSamples ?? 200) }

    /// A judgement for every reading that has enough samples; readings without a judgement say nothing.
    func judgements() -> [RuleJudgement] {
        guard let kind = SignalKind(rawValue: rule.signal) else { return [] }
        if kind == .burnRate { return burnJudgements() }
        let found = meant()
        // Columns of one version are a family: among them false discoveries are controlled.
        let families = Dictionary(grouping: found, by: { $0.key.version })
        return families.values.flatMap { judge($0.map { ($0.key, $0.value) }, kind: kind) }
    }

    /// The readings that the rule is about.
    func meant() -> [SignalKey: SignalReading] {
        guard let kind = SignalKind(rawValue: rule.signal) else { return [:] }
        return (readings[kind] ?? [:]).filter { isMeant($0.key) && $0.value.value.isFinite }
    }

    private func isMeant(_ key: SignalKey) -> Bool {
        if !rule.subjects.isEmpty {
            guard let subject = key.subject, rule.subjects.contains(subject) else { return false }
        }
        return isRouted(key.version)
    }

    private func isRouted(_ version: VersionID?) -> Bool {
        guard let version else { return rule.routes.isEmpty && rule.baseline != .primary }
        guard let routes else { return true }
        guard let route = routes[version] else { return false }
        if rule.baseline == .primary, route == .primary { return false }
        return rule.routes.isEmpty || rule.routes.contains(route)
    }

    // MARK: Values and chance

    private func judge(_ family: [(key: SignalKey, reading: SignalReading)], kind: SignalKind) -> [RuleJudgement] {
        // A state needs no number of requests to be one.
        let least = kind == .captureStopped ? 0 : Self.minimumSamples(rule)
        var judgements: [RuleJudgement] = []
        for (key, reading) in family where reading.samples >= least {
            var judgement = RuleJudgement(
                key: key, reading: reading, verdict: .clear, limit: rule.threshold, primaryValue: nil, pValue: nil,
                level: nil)
            if rule.baseline == .primary {
                guard let primary = primaryReading(of: key, kind: kind), primary.samples >= least else { continue }
                judgement.limit = rule.threshold ?? 0
                judgement.primaryValue = primary.value
                judgement.pValue = Significance.ofDifference(
                    reading, primary: primary, kind: kind, comparison: rule.comparison)
                // Without a threshold and without a test any difference at all would do.
                guard rule.threshold != nil || judgement.pValue != nil else { continue }
            } else if rule.baseline == .past {
                guard let edge = pastEdges[key], let factor = rule.threshold else { continue }
                judgement.pastEdge = edge
                judgement.limit = edge * factor
            } else if rule.expectedRunSeconds != nil {
                judgement.pValue = Significance.against(
                    reference: reading, kind: kind, comparison: rule.comparison, lent: lentPValue(of: key, kind: kind))
                // Without a threshold and without a test the rule says nothing.
                guard judgement.limit != nil || judgement.pValue != nil else { continue }
            }
            judgements.append(judgement)
        }
        decide(&judgements)
        return judgements
    }

    private func decide(_ judgements: inout [RuleJudgement]) {
        let run = rule.expectedRunSeconds ?? Self.usualRunSeconds
        let window = judgements.compactMap(\.reading.windowSeconds).min() ?? windowSeconds
        let level = RunLengthLevel.level(expectedRunSeconds: run, windowSeconds: window)
        let tested = judgements.indices.filter { judgements[$0].pValue != nil }
        let pValues = tested.map { judgements[$0].pValue ?? 1 }
        let found = HypothesisTests.benjaminiHochberg(pValues, q: level)
        let stillFound = HypothesisTests.benjaminiHochberg(pValues, q: min(1, level * Self.clearFactor))
        for (place, index) in tested.enumerated() {
            judgements[index].level = level
            judgements[index].verdict = found[place] ? .holds : stillFound[place] ? .between : .clear
        }
        for index in judgements.indices {
            let judgement = judgements[index]
            let byValue = valueVerdict(judgement)
            judgements[index].verdict = judgement.pValue == nil ? byValue : Self.both(byValue, judgement.verdict)
        }
    }

    private func valueVerdict(_ judgement: RuleJudgement) -> RuleJudgement.Verdict {
        guard let limit = judgement.limit else { return .holds }
        return verdict(of: judgement.reading.value - (judgement.primaryValue ?? 0), limit: limit)
    }

    private func verdict(of value: Double, limit: Double) -> RuleJudgement.Verdict {
        let clear = rule.baseline == .past ? limit : rule.clearThreshold ?? limit
        switch rule.comparison {
        case .above: return value > limit ? .holds : value > clear ? .between : .clear
        case .below: return value < limit ? .holds : value < clear ? .between : .clear
        }
    }

    /// Both have to hold; either ends it.
    private static func both(
        _ one: RuleJudgement.Verdict, _ other: RuleJudgement.Verdict
    ) -> RuleJudgement.Verdict {
        if one == .clear || other == .clear { return .clear }
        return one == .holds && other == .holds ? .holds : .between
    }

    private func lentPValue(of key: SignalKey, kind: SignalKind) -> Double? {
        for lender in kind.lendsTest where lender != kind {
            var lent = key
            lent.kind = lender
            if let pValue = readings[lender]?[lent]?.pValue { return pValue }
        }
        return nil
    }

    private func primaryReading(of key: SignalKey, kind: SignalKind) -> SignalReading? {
        guard let primary = routes?.first(where: { $0.value == .primary })?.key, primary != key.version else {
            return nil
        }
        var other = key
        other.version = primary
        return readings[kind]?[other].flatMap { $0.value.isFinite ? $0 : nil }
    }

    // MARK: Burn rates

    /// The error budget is spent too fast in a long window, and still is in a short one.
    private func burnJudgements() -> [RuleJudgement] {
        guard let objective = rule.objective, objective < 1, let threshold = rule.threshold else { return [] }
        let windows = BurnMeter.windows(of: rule)
        let (long, short) = (BurnMeter.subject(windows.long), BurnMeter.subject(windows.short))
        let found = (readings[.burnRate] ?? [:]).filter { $0.key.subject == long && isRouted($0.key.version) }
        return found.compactMap { key, reading in
            guard reading.samples >= Self.minimumSamples(rule), reading.value.isFinite else { return nil }
            var other = key
            other.subject = short
            let recent = readings[.burnRate]?[other]?.value ?? 0
            let (slow, fast) = (reading.value / (1 - objective), recent / (1 - objective))
            var told = reading
            told.value = slow
            told.method = "error budget of \(AlertText.number(objective)) over \(long)s and \(short)s"
            let (all, last) = (AlertText.number(reading.value * 100), AlertText.number(recent * 100))
            told.explanation =
                "\(all)% of requests failed in \(AlertText.time(seconds: windows.long)), "
                + "\(last)% in the last \(AlertText.time(seconds: windows.short))"
            var plain = key
            plain.subject = nil
            return RuleJudgement(
                key: plain, reading: told,
                verdict: verdict(of: min(slow, fast), limit: threshold), limit: threshold, primaryValue: nil,
                pValue: nil, level: nil)
        }
    }
}
