// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayNumerics

/// Sums of labelled rows, of which every metric of quality follows; merges by addition, constant memory.
package struct QualityTally: Tally {
    /// Most classes that are told apart; further ones are counted as `other`.
    package static let maximumClasses = 100
    /// Up to so many classes, ROC-AUC and average precision are kept of each against the rest.
    package static let maximumScored = 10
    static let otherClass = "other"

    /// Rows with a label.
    package internal(set) var rows = 0
    /// In the order in which they came; the order of scores where there are some.
    package internal(set) var classes: [String] = []
    /// Rows by truth and prediction: `truth * maximumClasses + predicted`.
    var cells: [Int: Int] = [:]
    /// By class: the only one of two, or each of several against the rest.
    package internal(set) var scores: [String: ScoreBins] = [:]
    /// The second of two scored classes.
    package internal(set) var positive: String?
    /// Of each row: squared distance of scores and truth, and minus the logarithm of the true class's score.
    package internal(set) var brier = Welford()
    package internal(set) var logLoss = Welford()
    /// Confidence against being right.
    package internal(set) var calibration = CalibrationTable(bins: 15)
    package internal(set) var regression = RegressionSums()
    /// Of each row's error: absolute, squared, relative.
    package internal(set) var absolute = Welford()
    package internal(set) var squared = Welford()
    package internal(set) var relative = Welford()

    package init() {}

    // MARK: Adding

    mutating func add(_ value: JoinRecord.Outcome.Value, classes known: [String], keepsAllScores: Bool) {
        rows += 1
        switch value {
        case .measured(let predicted, let actual):
            let error = predicted - actual
            guard regression.add(truth: actual, predicted: predicted) else { return }
            absolute.add(abs(error))
            squared.add(error * error)
            relative.add(abs(error) / max(abs(actual), .ulpOfOne))
        case .classified(let predicted, let actual, let confidence, let values):
            for name in known { _ = index(of: name) }
            let cell = index(of: actual) * Self.maximumClasses + index(of: predicted)
            cells[cell, default: 0] += 1
            if let confidence { calibration.add(Double(confidence), predicted == actual) }
            if values.count == known.count, values.count > 1 {
                addScores(values, classes: known, actual: actual, keepsAllScores: keepsAllScores)
            }
        }
    }

    private mutating func addScores(
        _ values: [Float], classes known: [String], actual: String, keepsAllScores: Bool
    ) {
        var distance = 0.0
        var ofTruth = 0.0
        for (name, value) in zip(known, values) {
            let truth = name == actual ? 1.0 : 0
            distance += (Double(value) - truth) * (Double(value) - truth)
            if name == actual { ofTruth = Double(value) }
        }
        logLoss.add(-Self.logarithm(ofTruth))
        if known.count == 2 {
            // Of two classes the distance is that of the one score: half of both together.
            brier.add(distance / 2)
            positive = known[1]
            scores[known[1], default: ScoreBins()].add(score: Double(values[1]), isPositive: actual == known[1])
        } else {
            brier.add(distance)
            guard keepsAllScores, known.count <= Self.maximumScored else { return }
            for (name, value) in zip(known, values) {
                scores[name, default: ScoreBins()].add(score: Double(value), isPositive: name == actual)
            }
        }
    }

    /// Scores are kept away from 0, as scikit-learn does, so that one sure mistake is a large loss and no infinite one.
    private static func logarithm(_ score: Double) -> Double { log(min(max(score, .ulpOfOne), 1 - .ulpOfOne)) }

    private mutating func index(of name: String) -> Int {
        if let index = classes.firstIndex(of: name) { return index }
        if classes.count < Self.maximumClasses - 1 {
            classes.append(name)
            return classes.count - 1
        }
        // A class may itself be called so: what counts is that the last place is there.
        if classes.count < Self.maximumClasses { classes.append(Self.otherClass) }
        return Self.maximumClasses - 1
    }

    package mutating func merge(_ other: QualityTally) {
        rows += other.rows
        let map = other.classes.map { index(of: $0) }
        for (cell, count) in other.cells {
            let (truth, predicted) = cell.quotientAndRemainder(dividingBy: Self.maximumClasses)
            cells[map[truth] * Self.maximumClasses + map[predicted], default: 0] += count
        }
        for (name, bins) in other.scores { scores[name, default: ScoreBins()].merge(bins) }
        positive = positive ?? other.positive
        brier.merge(other.brier)
        logLoss.merge(other.logLoss)
        calibration.merge(other.calibration)
        regression.merge(other.regression)
        absolute.merge(other.absolute)
        squared.merge(other.squared)
        relative.merge(other.relative)
    }

    // MARK: Reading

    /// How often each class was predicted for each true class, in the order of ``classes``.
    package var confusion: ConfusionMatrix {
        var matrix = ConfusionMatrix(classes: classes.count)
        for (cell, count) in cells {
            let (truth, predicted) = cell.quotientAndRemainder(dividingBy: Self.maximumClasses)
            matrix.add(truth: truth, predicted: predicted, weight: Double(count))
        }
        return matrix
    }

    /// Of two classes, which one precision and recall are of: the second scored, or the one named as such.
    package var positiveIndex: Int? {
        if let positive { return classes.firstIndex(of: positive) }
        guard classes.count <= 2 else { return nil }
        for pair in [["0", "1"], ["false", "true"], ["-1", "1"], ["no", "yes"]]
        where classes.allSatisfy({ pair.contains($0) }) {
            return classes.firstIndex(of: pair[1])
        }
        return nil
    }
}
