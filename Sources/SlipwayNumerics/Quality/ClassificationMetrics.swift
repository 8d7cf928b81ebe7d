// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Quality of scores against binary labels, over all rows at once; the conventions are scikit-learn's.
///
/// Scores, labels and weights have equal length; of unequal ones the longer are cut. `nil` where the quantity has no
/// meaning: no rows, or one class only where both are needed. Online windows use ``ScoreBins``.
package enum ClassificationMetrics {
    /// The probability that a positive has a higher score than a negative, ties half (Mann-Whitney).
    package static func rocAUC(scores: [Double], labels: [Bool], weights: [Double]? = nil) -> Double? {
        var (area, below) = (0.0, 0.0)
        let groups = groups(scores, labels, weights)
        for group in groups {
            area += group.positive * (below + group.negative / 2)
            below += group.negative
        }
        let positives = groups.reduce(0) { $0 + $1.positive }
        return positives > 0 && below > 0 ? area / (positives * below) : nil
    }

    /// The mean over the classes of the area of each against the rest (`multi_class="ovr"`, `average="macro"`).
    ///
    /// - Parameters:
    ///   - probabilities: One row of class scores for each label.
    ///   - labels: Indices of classes.
    package static func rocAUC(probabilities: [[Double]], labels: [Int]) -> Double? {
        let classes = probabilities.map(\.count).min() ?? 0
        guard classes > 1 else { return nil }
        var sum = 0.0
        for index in 0..<classes {
            guard let area = rocAUC(scores: probabilities.map { $0[index] }, labels: labels.map { $0 == index })
            else { return nil }
            sum += area
        }
        return sum / Double(classes)
    }

    /// `sum (R(n) - R(n - 1)) P(n)` over falling thresholds, without interpolation.
    package static func averagePrecision(scores: [Double], labels: [Bool], weights: [Double]? = nil) -> Double? {
        var (hits, all, sum) = (0.0, 0.0, 0.0)
        for group in groups(scores, labels, weights).reversed() {
            hits += group.positive
            all += group.positive + group.negative
            if all > 0 { sum += group.positive * (hits / all) }
        }
        return hits > 0 ? sum / hits : nil
    }

    /// Mean of `-ln p` of the true class, probabilities kept away from 0 and 1 by 2.2e-16.
    package static func logLoss(probabilities: [Double], labels: [Bool]) -> Double? {
        mean(probabilities, labels) { p, label in logLossTerm(p, label) }
    }

    /// The same of many classes: each row is divided by its sum.
    package static func logLoss(probabilities: [[Double]], labels: [Int]) -> Double? {
        var (sum, count) = (0.0, 0.0)
        for (row, label) in zip(probabilities, labels) where row.indices.contains(label) {
            let whole = row.reduce(0, +)
            sum -= log(clipped(whole > 0 ? row[label] / whole : 0))
            count += 1
        }
        return count > 0 ? sum / count : nil
    }

    /// Mean of `(p - y)^2`.
    package static func brier(probabilities: [Double], labels: [Bool]) -> Double? {
        mean(probabilities, labels) { p, label in (p - (label ? 1 : 0)) * (p - (label ? 1 : 0)) }
    }

    /// Mean over the rows of `|share of positives - mean score|` of the row's bin; bins are of equal width over
    /// [0, 1], open on the left, closed on the right.
    package static func expectedCalibrationError(
        probabilities: [Double], labels: [Bool], bins: Int = 15
    ) -> Double? {
        var table = CalibrationTable(bins: bins)
        for (p, label) in zip(probabilities, labels) { table.add(p, label) }
        return table.expectedError
    }

    static func logLossTerm(_ p: Double, _ label: Bool) -> Double { -log(clipped(label ? p : 1 - p)) }

    private static func clipped(_ p: Double) -> Double { min(max(p, .ulpOfOne), 1 - .ulpOfOne) }

    private static func mean(
        _ scores: [Double], _ labels: [Bool], _ term: (Double, Bool) -> Double
    ) -> Double? {
        var (sum, count) = (0.0, 0.0)
        for (score, label) in zip(scores, labels) where score == score {
            sum += term(score, label)
            count += 1
        }
        return count > 0 ? sum / count : nil
    }

    /// Weights of positives and negatives by score, ascending; rows with NaN are left out.
    static func groups(
        _ scores: [Double], _ labels: [Bool], _ weights: [Double]?
    ) -> [(positive: Double, negative: Double)] {
        let count = min(scores.count, labels.count, weights?.count ?? .max)
        let order = (0..<count).filter { scores[$0] == scores[$0] }.sorted { scores[$0] < scores[$1] }
        var result: [(positive: Double, negative: Double)] = []
        var last: Double?
        for row in order {
            if last != scores[row] { result.append((0, 0)) }
            last = scores[row]
            let weight = weights?[row] ?? 1
            if labels[row] {
                result[result.count - 1].positive += weight
            } else {
                result[result.count - 1].negative += weight
            }
        }
        return result
    }
}
