// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// What the window of a version says against its reference, column by column.
struct DriftReadings {
    /// Groups of reference quantiles that distances of shares are of. More would make distances of few rows large
    /// without any drift: PSI expects `(groups - 1) (1 / n + 1 / m)` where nothing has changed.
    static let groups = 10

    let set: ColumnSet
    let totals: WindowTotals
    let examples: RequestExamples
    let earlier: RequestExamples?

    private(set) var found: [MonitorReading] = []

    init(_ window: VersionWindow, _ totals: WindowTotals) {
        set = window.set
        self.totals = totals
        examples = window.examples
        earlier = window.earlier
    }

    /// All readings of drift of the columns.
    mutating func addDrift() {
        for column in set.columns.indices {
            if set.slots[column].isCategorical { addCategories(column) } else { addNumbers(column) }
        }
    }

    // MARK: Numbers and lengths

    private mutating func addNumbers(_ column: Int) {
        let profile = set.columns[column]
        guard let reference = profile.counts, let current = totals.counts(of: column, in: set) else { return }
        let comparison = EdgeComparison(reference: reference, current: current)
        guard comparison.isComparable else { return }
        let rows = (Double(reference.total), Double(current.total))
        let (p, q) = comparison.grouped(Self.groups)
        let text = movement(column, reference, current)
        let shown = examples(of: column, isAbove: (current.quantile(0.5) ?? 0) >= (reference.quantile(0.5) ?? 0))
        var made = Maker(
            subject: profile.name, samples: Int(clamping: current.total), explanation: text, examples: shown)
        made.put(
            .ks, comparison.ks, p: comparison.ksPValue,
            method:
                "\(reference.edges.count) reference quantiles, at most 1/256 below the exact statistic; p asymptotic")
        let scale = profile.standardDeviation.flatMap { $0 > 0 ? $0 : nil } ?? 1
        made.put(
            .wasserstein, comparison.wasserstein / scale,
            method: "approximate, \(reference.edges.count) reference quantiles, in reference standard deviations")
        made.putShares(p, q, rows: rows, of: "\(p.count) groups of reference quantiles")
        found += made.readings
    }

    private func movement(_ column: Int, _ reference: EdgeCounts, _ current: EdgeCounts) -> String {
        let profile = set.columns[column]
        func median(_ counts: EdgeCounts) -> String { counts.quantile(0.5).map(AlertText.number) ?? "none" }
        let mean = totals.tallies[column].moments(center: set.slots[column].center)
        let what = profile.kind == .text ? "length of \(profile.name)" : profile.name
        var text = "\(what): median \(median(reference)) -> \(median(current))"
        if let before = profile.mean, mean.count > 0 {
            text += ", mean \(AlertText.number(before)) -> \(AlertText.number(mean.mean))"
        }
        guard profile.kind == .text, let classes = profile.characterClasses else { return text }
        let now = totals.sketches[set.sketchIndex[column]].characters.shares
        let moved = zip(classes, now).enumerated().max { abs($0.1.0 - $0.1.1) < abs($1.1.0 - $1.1.1) }
        if let moved, moved.offset < CharacterClasses.names.count {
            let (before, after) = moved.element
            text += ", \(CharacterClasses.names[moved.offset]) \(percent(before)) -> \(percent(after))"
        }
        return text
    }

    private func percent(_ share: Double) -> String { AlertText.number(share * 100) + " %" }

    private func examples(of column: Int, isAbove: Bool) -> [String] {
        let live = examples.extreme(of: column, isAbove: isAbove)
        return live.isEmpty ? earlier?.extreme(of: column, isAbove: isAbove) ?? [] : live
    }

    // MARK: Categories

    private mutating func addCategories(_ column: Int) {
        let profile = set.columns[column]
        guard let reference = profile.categories, let current = totals.categories(of: column, in: set) else { return }
        let fresh = Int(clamping: totals.tallies[column].fresh)
        let samples = Int(clamping: totals.tallies[column].count)
        guard samples > 0, reference.values.contains(where: { $0 > 0 }) else { return }
        // New values are one category more, whatever their number.
        let names = reference.keys.sorted()
        let before = names.map { Double(reference[$0] ?? 0) } + [Double(profile.otherCategories)]
        let now = names.map { Double(current[$0] ?? 0) } + [Double(fresh)]
        let (p, q) = (Divergence.shares(before), Divergence.shares(now))
        let moved = p.indices.max { abs(p[$0] - q[$0]) < abs(p[$1] - q[$1]) } ?? 0
        let name = moved < names.count ? "'\(names[moved])'" : "new values"
        let text = "\(profile.name): share of \(name) \(percent(p[moved])) -> \(percent(q[moved]))"
        var made = Maker(
            subject: profile.name, samples: samples, explanation: text, examples: examples.odd[column] ?? [])
        made.putShares(
            p, q, rows: (before.reduce(0, +), now.reduce(0, +)), of: "\(names.count) categories and the new ones")
        found += made.readings
    }
}

/// Makes the readings of one column.
private struct Maker {
    let subject: String
    let samples: Int
    let explanation: String
    let examples: [String]
    var readings: [MonitorReading] = []

    init(subject: String, samples: Int, explanation: String, examples: [String]) {
        self.subject = subject
        self.samples = samples
        self.explanation = explanation
        self.examples = examples
    }

    mutating func put(_ kind: SignalKind, _ value: Double, p: Double? = nil, method: String) {
        readings.append(
            (
                kind, subject,
                SignalReading(
                    value: value, samples: samples, pValue: p, method: method, explanation: explanation,
                    examples: examples)
            ))
    }

    /// Distances of shares; `p` of the reference, `q` of now.
    mutating func putShares(_ p: [Double], _ q: [Double], rows: (Double, Double), of bins: String) {
        let test = HypothesisTests.chiSquareContingency([p.map { $0 * rows.0 }, q.map { $0 * rows.1 }])
        put(.chiSquare, test.statistic, p: test.pValue, method: "2 x K contingency, \(bins)")
        put(.psi, Divergence.psi(p, q, floor: 1e-4), p: test.pValue, method: "\(bins), floor 1e-4; p of chi-square")
        put(.jensenShannon, Divergence.jensenShannon(p, q, base: 2), method: "distance, base 2, \(bins)")
        put(.hellinger, Divergence.hellinger(p, q), method: bins)
        put(.totalVariation, Divergence.totalVariation(p, q), method: bins)
        put(.lInfinity, Divergence.lInfinity(p, q), method: bins)
    }
}
