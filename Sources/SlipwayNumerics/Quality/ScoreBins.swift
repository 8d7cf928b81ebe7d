// SPDX-License-Identifier: Apache-2.0

/// Quality of a stream of scores in [0, 1] with late labels, in constant memory: 1,024 bins of score by label.
///
/// Brier score, log loss and calibration error are exact; ROC-AUC and average precision take the scores of a bin for
/// tied, and say by how much that may be off. Two times 8 KB; merges by addition.
package struct ScoreBins: Sendable, Hashable, Codable {
    package static let count = 1024

    package private(set) var negatives: [UInt64]
    package private(set) var positives: [UInt64]
    package private(set) var calibration: CalibrationTable
    private var squaredErrors: Double
    private var logLosses: Double

    package init() {
        negatives = [UInt64](repeating: 0, count: ScoreBins.count)
        positives = negatives
        calibration = CalibrationTable(bins: 15)
        squaredErrors = 0
        logLosses = 0
    }

    /// Bins whose sums were kept elsewhere; `nil` unless there are as many as ``count`` of either kind.
    package init?(negatives: [UInt64], positives: [UInt64], calibration: CalibrationTable, losses: Losses) {
        guard negatives.count == ScoreBins.count, positives.count == ScoreBins.count else { return nil }
        self.negatives = negatives
        self.positives = positives
        self.calibration = calibration
        squaredErrors = losses.squared
        logLosses = losses.logarithmic
    }

    /// What the scores cost, summed over rows.
    package struct Losses: Sendable, Hashable {
        package var squared: Double
        package var logarithmic: Double

        package init(squared: Double, logarithmic: Double) {
            self.squared = squared
            self.logarithmic = logarithmic
        }
    }

    package var losses: Losses { Losses(squared: squaredErrors, logarithmic: logLosses) }

    private enum CodingKeys: String, CodingKey {
        case negatives, positives, calibration, squaredErrors, logLosses
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        negatives = try container.decode([UInt64].self, forKey: .negatives)
        positives = try container.decode([UInt64].self, forKey: .positives)
        calibration = try container.decode(CalibrationTable.self, forKey: .calibration)
        squaredErrors = try container.decode(Double.self, forKey: .squaredErrors)
        logLosses = try container.decode(Double.self, forKey: .logLosses)
        guard negatives.count == ScoreBins.count, positives.count == ScoreBins.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .negatives, in: container, debugDescription: "there are 1,024 bins for either label")
        }
    }

    /// Counts one row; a score outside [0, 1] is brought inside, NaN is left out.
    package mutating func add(score: Double, isPositive: Bool) {
        guard score == score else { return }
        let p = min(max(score, 0), 1)
        let bin = min(Int(p * Double(ScoreBins.count)), ScoreBins.count - 1)
        if isPositive { positives[bin] &+= 1 } else { negatives[bin] &+= 1 }
        calibration.add(p, isPositive)
        squaredErrors += (p - (isPositive ? 1 : 0)) * (p - (isPositive ? 1 : 0))
        logLosses += ClassificationMetrics.logLossTerm(p, isPositive)
    }

    package mutating func merge(_ other: ScoreBins) {
        for index in negatives.indices {
            negatives[index] &+= other.negatives[index]
            positives[index] &+= other.positives[index]
        }
        calibration.merge(other.calibration)
        squaredErrors += other.squaredErrors
        logLosses += other.logLosses
    }

    /// Rows counted.
    package var total: Int { Int(clamping: totals.negative &+ totals.positive) }
    /// Share of positives; `nil` when empty.
    package var positiveRate: Double? {
        let (negative, positive) = totals
        return negative &+ positive > 0 ? Double(positive) / Double(negative &+ positive) : nil
    }

    /// Within ``rocAUCMargin`` of the exact value; `nil` unless both labels are there.
    package var rocAUC: Double? {
        let (negative, positive) = totals
        guard negative > 0, positive > 0 else { return nil }
        var (area, below) = (0.0, 0.0)
        for index in negatives.indices {
            area += Double(positives[index]) * (below + Double(negatives[index]) / 2)
            below += Double(negatives[index])
        }
        return area / (Double(negative) * Double(positive))
    }

    /// How far the exact ROC-AUC may be from ``rocAUC``: half the share of pairs that fell into one bin.
    package var rocAUCMargin: Double? {
        let (negative, positive) = totals
        guard negative > 0, positive > 0 else { return nil }
        let pairs = zip(negatives, positives).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        return pairs / 2 / (Double(negative) * Double(positive))
    }

    /// With the scores of a bin as ties; the exact value is within ``averagePrecisionBounds``.
    package var averagePrecision: Double? { averagePrecision { $0 / ($0 + $1) } }

    /// What the exact average precision lies between, whatever the order inside bins.
    package var averagePrecisionBounds: ClosedRange<Double>? {
        // Worst: a bin's negatives come first, so its first positive has the least precision. Best: they come last.
        var lower = 0.0
        var upper = 0.0
        let positive = Double(totals.positive)
        guard positive > 0 else { return nil }
        var (hits, misses) = (0.0, 0.0)
        for index in negatives.indices.reversed() {
            let (pos, neg) = (Double(positives[index]), Double(negatives[index]))
            if pos > 0 {
                lower += pos * (hits + 1) / (hits + 1 + misses + neg)
                upper += pos * (hits + pos) / (hits + pos + misses)
            }
            hits += pos
            misses += neg
        }
        return min(lower / positive, upper / positive)...max(lower / positive, upper / positive)
    }

    /// Exact; `nil` when empty.
    package var brier: Double? { total > 0 ? squaredErrors / Double(total) : nil }
    /// Exact, probabilities kept away from 0 and 1 by 2.2e-16; `nil` when empty.
    package var logLoss: Double? { total > 0 ? logLosses / Double(total) : nil }
    /// 15 bins of equal width, exact; `nil` when empty.
    package var expectedCalibrationError: Double? { calibration.expectedError }

    private var totals: (negative: UInt64, positive: UInt64) {
        (negatives.reduce(0, &+), positives.reduce(0, &+))
    }

    private func averagePrecision(_ precision: (_ hits: Double, _ misses: Double) -> Double) -> Double? {
        var (hits, misses, sum) = (0.0, 0.0, 0.0)
        for index in negatives.indices.reversed() {
            hits += Double(positives[index])
            misses += Double(negatives[index])
            if positives[index] > 0 { sum += Double(positives[index]) * precision(hits, misses) }
        }
        return hits > 0 ? sum / hits : nil
    }
}
