// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// What the window of a version says about the quality of its data, and about single rows and answers.
struct DataReadings {
    private static let duplicates = "rows equal to one of about the last 1,024"

    /// Of as many rows again as the reference has, so many are expected beyond its extremes: one on each side.
    private static let beyond = 2.0

    let set: ColumnSet
    let totals: WindowTotals
    let examples: RequestExamples
    private(set) var found: [MonitorReading] = []

    init(_ window: VersionWindow, _ totals: WindowTotals) {
        set = window.set
        self.totals = totals
        examples = window.examples
    }

    mutating func addAll() {
        for column in set.columns.indices {
            if column < set.featureCount { addFeature(column) } else { addOutput(column) }
        }
        addRows()
    }

    // MARK: Columns

    private mutating func addFeature(_ column: Int) {
        let (profile, tally) = (set.columns[column], totals.tallies[column])
        let known = Double(profile.count + profile.missing)
        let seen = tally.count &+ tally.missing
        rate(
            .missingRate, column, Counted(tally.missing, of: seen, before: Double(profile.missing), of: known),
            "NaN or empty")
        rate(
            .typeErrorRate, column, Counted(tally.typeErrors, of: seen &+ tally.typeErrors, before: 0, of: known),
            "tensor missing, of another type or width")
        if profile.kind == .categorical {
            addNewCategories(column)
        } else {
            addOutOfRange(column, known)
        }
        if profile.kind != .numeric { addDistinct(column) }
        addConstant(column)
    }

    private mutating func addOutput(_ column: Int) {
        let (profile, tally) = (set.columns[column], totals.tallies[column])
        let seen = tally.count &+ tally.missing
        let known = Double(profile.count + profile.missing)
        rate(
            .notANumberRate, column,
            Counted(tally.missing &+ tally.infinite, of: seen, before: Double(profile.missing), of: known),
            profile.kind == .numeric ? "NaN and infinities" : "missing values")
        if profile.kind == .numeric {
            addOutOfRange(column, known)
            rate(
                .saturatedRate, column,
                Counted(tally.saturated, of: tally.count, before: Double(profile.saturated), of: known),
                "at or beyond the reference's least and greatest", explanation: range(column))
        }
        if profile.kind == .categorical {
            addNewCategories(column)
        }
        addConstant(column)
    }

    private mutating func addNewCategories(_ column: Int) {
        let (profile, tally) = (set.columns[column], totals.tallies[column])
        rate(
            .newCategoryRate, column,
            Counted(tally.fresh, of: tally.count, before: Double(profile.otherCategories), of: Double(profile.count)),
            "values not in the reference's table of \(profile.categories?.count ?? 0)", explanation: newValues(column))
    }

    private mutating func addOutOfRange(_ column: Int, _ known: Double) {
        let tally = totals.tallies[column]
        rate(
            .outOfRangeRate, column,
            Counted(tally.below &+ tally.above, of: tally.count, before: Self.beyond, of: known),
            "outside the reference's least and greatest", explanation: range(column))
    }

    private mutating func addConstant(_ column: Int) {
        let (profile, tally) = (set.columns[column], totals.tallies[column])
        guard tally.count > 1, profile.distinct > 1 else { return }
        let isConstant: Bool
        if profile.kind == .categorical {
            let largest = totals.cells[set.cells(of: column)].max() ?? 0
            isConstant =
                max(largest, tally.fresh) == tally.count
                && totals.sketches[set.sketchIndex[column]]
                    .distinct.estimate < 1.5
        } else {
            isConstant = tally.least == tally.greatest
        }
        let value = profile.kind == .numeric ? ", always \(AlertText.number(tally.least))" : ""
        found.append(
            (
                .constantFeature, profile.name,
                SignalReading(
                    value: isConstant ? 1 : 0, samples: Int(clamping: tally.count), reference: 0,
                    method: "one value in the window, several in the reference",
                    explanation: isConstant
                        ? "\(profile.name): \(AlertText.number(profile.distinct)) different values -> 1\(value)" : nil)
            ))
    }

    private mutating func addDistinct(_ column: Int) {
        let (profile, tally) = (set.columns[column], totals.tallies[column])
        guard tally.count > 0 else { return }
        let estimate = totals.sketches[set.sketchIndex[column]].distinct.estimate.rounded()
        found.append(
            (
                .distinctValues, profile.name,
                SignalReading(
                    value: estimate, samples: Int(clamping: tally.count), margin: 1.96 * 0.065 * estimate,
                    reference: profile.distinct, method: "HyperLogLog, 256 registers, 6.5 %")
            ))
    }

    private func newValues(_ column: Int) -> String? {
        let top = totals.sketches[set.sketchIndex[column]].fresh.top(3)
        guard !top.isEmpty else { return nil }
        // Values are the callers' data: told are their number and length, never the text.
        let lengths = top.map { "one of \($0.text.utf8.count) bytes \($0.count) times" }
        return "\(set.columns[column].name): new values: " + lengths.joined(separator: ", ")
    }

    private func range(_ column: Int) -> String? {
        let (slot, tally) = (set.slots[column], totals.tallies[column])
        guard tally.finite > 0 else { return nil }
        return "\(set.columns[column].name): \(AlertText.number(slot.lower))...\(AlertText.number(slot.upper)) -> "
            + "\(AlertText.number(tally.least))...\(AlertText.number(tally.greatest))"
    }

    /// How many of how many, in the window and in the reference.
    private struct Counted {
        let hits: UInt64
        let all: UInt64
        let before: Double
        let known: Double

        init(_ hits: UInt64, of all: UInt64, before: Double, of known: Double) {
            self.hits = hits
            self.all = all
            self.before = before
            self.known = known
        }
    }

    private mutating func rate(
        _ kind: SignalKind, _ column: Int, _ counted: Counted, _ method: String, explanation: String? = nil
    ) {
        guard counted.all > 0 else { return }
        let shown = counted.hits > 0 ? examples.odd[column] ?? [] : []
        found.append(
            (
                kind, set.columns[column].name,
                Self.reading(
                    Double(counted.hits), of: Double(counted.all), before: counted.before, of: counted.known, method,
                    (counted.hits > 0 ? explanation : nil, shown))
            ))
    }

    private static func reading(
        _ hits: Double, of all: Double, before: Double, of known: Double, _ method: String,
        _ shown: (explanation: String?, examples: [String])
    ) -> SignalReading {
        let share = hits / all
        let test = known > 0 ? HypothesisTests.twoProportions(hits, of: all, before, of: known).pValue : nil
        return SignalReading(
            value: share, samples: Int(min(all, 0x1p60)), pValue: test,
            margin: 1.96 * (share * (1 - share) / all).squareRoot(),
            reference: known > 0 ? before / known : nil, method: method, explanation: shown.explanation,
            examples: shown.examples)
    }

    // MARK: Rows

    private mutating func addRows() {
        let whole = totals.whole
        if whole.rows > 0 {
            found.append(
                (
                    .duplicateRate, nil,
                    Self.reading(
                        Double(whole.duplicates), of: Double(whole.rows), before: 0, of: 0, Self.duplicates, (nil, []))
                ))
        }
        guard whole.scored > 0, let model = set.profile.outliers else { return }
        let known = Double(min(set.profile.rows, 10_000))
        found.append(
            (
                .outlierRate, nil,
                Self.reading(
                    Double(whole.outliers), of: Double(whole.scored), before: model.referenceRate * known, of: known,
                    "Mahalanobis distance of \(model.columns.count) features above "
                        + AlertText.number(model.threshold),
                    ("rows farther from the reference than 999 of 1,000 of its own", examples.outliers))
            ))
        addReconstruction(whole.reconstruction)
    }

    private mutating func addReconstruction(_ now: Welford) {
        guard let before = set.profile.reconstruction, let components = set.profile.components, now.count > 1 else {
            return
        }
        let test = HypothesisTests.welch(now, before)
        let text =
            "reconstruction error \(AlertText.number(before.mean)) -> \(AlertText.number(now.mean)): "
            + "features no longer go together as they did"
        found.append(
            (
                .reconstructionError, nil,
                SignalReading(
                    value: now.mean, samples: now.count, pValue: test.pValue, margin: now.margin,
                    reference: before.mean,
                    method: "mean error of \(components.components.count) principal components (65 % of the variance) "
                        + "over standardised features; Welch's t",
                    explanation: text)
            ))
    }
}
