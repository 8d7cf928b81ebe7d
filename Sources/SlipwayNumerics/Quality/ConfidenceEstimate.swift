// SPDX-License-Identifier: Apache-2.0

/// Quality of a classifier estimated without labels, from calibrated probabilities (nannyml's CBPE).
///
/// Expected cells of the confusion matrix are sums of probabilities. It holds under a shift of the inputs alone: it
/// **cannot see concept drift**, is blind where the reference had no data, and needs calibrated probabilities.
/// Constant memory: a few sums for each class, and 16 KB for each class whose ROC-AUC is wanted; merges.
package struct ConfidenceEstimate: Sendable, Hashable, Codable {
    /// Classes up to which ROC-AUC is estimated.
    package static let maximumRankedClasses = 16

    package let classes: Int
    /// Rows counted.
    package private(set) var count: Int
    private var hits: [Double]
    private var predicted: [Double]
    private var expected: [Double]
    /// Sum of `p (1 - p)` of the predicted class.
    private var spread: Double
    /// Of each ranked class: sums of the probability and of its complement by raw score.
    private var ranks: [RankedSums]

    /// - Parameter classes: 2 to 1,000; others are brought inside.
    package init(classes: Int) {
        self.classes = min(max(classes, 2), 1000)
        let zeros = [Double](repeating: 0, count: self.classes)
        (count, spread) = (0, 0)
        (hits, predicted, expected) = (zeros, zeros, zeros)
        let ranked = self.classes == 2 ? 1 : self.classes <= ConfidenceEstimate.maximumRankedClasses ? self.classes : 0
        ranks = [RankedSums](repeating: RankedSums(), count: ranked)
    }

    /// Sums that were kept elsewhere, as ``sums`` gives them; `nil` unless there are as many as the classes need.
    package init?(classes: Int, count: Int, sums: [Double]) {
        self.init(classes: classes)
        guard self.classes == classes, count >= 0, sums.count == self.sums.count,
            sums.allSatisfy({ $0 >= 0 && $0.isFinite })
        else { return nil }
        self.count = count
        hits = Array(sums[..<classes])
        predicted = Array(sums[classes..<(2 * classes)])
        expected = Array(sums[(2 * classes)..<(3 * classes)])
        spread = sums[3 * classes]
        for index in ranks.indices {
            let start = 3 * classes + 1 + index * RankedSums.sumCount
            ranks[index] = RankedSums(sums: sums[start..<(start + RankedSums.sumCount)])
        }
    }

    /// Every sum in a fixed order: how many there are follows from the classes.
    package var sums: [Double] { hits + predicted + expected + [spread] + ranks.flatMap(\.sums) }

    private enum CodingKeys: String, CodingKey {
        case classes, count, hits, predicted, expected, spread, ranks
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(classes: try container.decode(Int.self, forKey: .classes))
        let ranked = ranks.count
        count = try container.decode(Int.self, forKey: .count)
        hits = try container.decode([Double].self, forKey: .hits)
        predicted = try container.decode([Double].self, forKey: .predicted)
        expected = try container.decode([Double].self, forKey: .expected)
        spread = try container.decode(Double.self, forKey: .spread)
        ranks = try container.decode([RankedSums].self, forKey: .ranks)
        guard hits.count == classes, predicted.count == classes, expected.count == classes, ranks.count == ranked else {
            throw DecodingError.dataCorruptedError(
                forKey: .classes, in: container, debugDescription: "there is one sum for each class")
        }
    }

    /// Counts one row.
    ///
    /// - Parameters:
    ///   - probabilities: Calibrated, one for each class; see ``calibrated(_:by:)``.
    ///   - scores: What the model gave, one for each class; ranks the rows for ROC-AUC. In [0, 1].
    ///   - predicted: The class that the model chose.
    /// - Returns: `false`, and nothing counted, where numbers do not fit the classes or are not finite.
    @discardableResult
    package mutating func add(probabilities: [Double], scores: [Double], predicted chosen: Int) -> Bool {
        probabilities.withUnsafeBufferPointer { probabilities in
            scores.withUnsafeBufferPointer { count(probabilities, scores: $0, predicted: chosen) }
        }
    }

    /// Counts rows by their raw scores; of each the first class of the highest score was chosen.
    ///
    /// - Parameters:
    ///   - rows: Row by row, one score for each of `width` classes.
    ///   - curves: As ``calibrated(_:by:)`` takes them; scores that it cannot calibrate are taken as probabilities.
    /// - Returns: Whether all rows were calibrated.
    package mutating func add(
        _ rows: UnsafeBufferPointer<Float>, classes width: Int, calibratedBy curves: [IsotonicCurve]?
    ) -> Bool {
        guard width > 0 else { return true }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * width) { space in
            space.initialize(repeating: 0)
            let scores = UnsafeMutableBufferPointer(rebasing: space[..<width])
            let values = UnsafeMutableBufferPointer(rebasing: space[width...])
            var isCalibrated = true
            for start in stride(from: 0, to: rows.count - rows.count % width, by: width) {
                var chosen = 0
                for index in 0..<width {
                    scores[index] = Double(rows[start + index])
                    if scores[index] > scores[chosen] { chosen = index }
                }
                let raw = UnsafeBufferPointer(scores)
                let fits = curves.map { Self.calibrate(raw, by: $0, into: values) } ?? false
                isCalibrated = isCalibrated && fits
                count(fits ? UnsafeBufferPointer(values) : raw, scores: raw, predicted: chosen)
            }
            return isCalibrated
        }
    }

    @discardableResult
    private mutating func count(
        _ probabilities: UnsafeBufferPointer<Double>, scores: UnsafeBufferPointer<Double>, predicted chosen: Int
    ) -> Bool {
        guard probabilities.count == classes, scores.count == classes, (0..<classes).contains(chosen) else {
            return false
        }
        guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }), scores.allSatisfy(\.isFinite) else { return false }
        count &+= 1
        predicted[chosen] += 1
        hits[chosen] += probabilities[chosen]
        spread += probabilities[chosen] * (1 - probabilities[chosen])
        for index in 0..<classes { expected[index] += probabilities[index] }
        if classes == 2 {
            ranks[0].add(probabilities[1], score: scores[1])
        } else {
            for index in ranks.indices { ranks[index].add(probabilities[index], score: scores[index]) }
        }
        return true
    }

    /// Adds an estimate of as many classes; others are left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: ConfidenceEstimate) -> Bool {
        guard classes == other.classes else { return false }
        count &+= other.count
        spread += other.spread
        for index in 0..<classes {
            hits[index] += other.hits[index]
            predicted[index] += other.predicted[index]
            expected[index] += other.expected[index]
        }
        for index in ranks.indices { ranks[index].merge(other.ranks[index]) }
        return true
    }

    /// The expected share of right predictions; `nil` when empty.
    package var accuracy: Double? { count > 0 ? hits.reduce(0, +) / Double(count) : nil }
    /// Half the width of a 95 % interval of ``accuracy`` for calibrated probabilities; `nil` when empty.
    package var accuracyMargin: Double? {
        count > 0 ? 1.959963984540054 * max(spread, 0).squareRoot() / Double(count) : nil
    }
    /// Of two classes that of the second, else the mean over the classes; `nil` when empty.
    package var precision: Double? { averaged { ratio(hits[$0], predicted[$0]) } }
    package var recall: Double? { averaged { ratio(hits[$0], expected[$0]) } }
    package var f1: Double? { averaged { ratio(2 * hits[$0], predicted[$0] + expected[$0]) } }
    /// Scores ranked in 1,024 bins; `nil` when empty or for more than 16 classes.
    package var rocAUC: Double? {
        let areas = ranks.compactMap(\.area)
        return areas.count == ranks.count && !areas.isEmpty ? areas.reduce(0, +) / Double(areas.count) : nil
    }

    /// Raw scores of the classes as probabilities: each by the curve of its class, then divided by their sum (equal
    /// where that is 0). Of two classes one curve will do, for the second.
    ///
    /// - Returns: `nil` where curves and scores do not fit or a score is NaN.
    package static func calibrated(_ scores: [Double], by curves: [IsotonicCurve]) -> [Double]? {
        var values = [Double](repeating: 0, count: scores.count)
        let fits = values.withUnsafeMutableBufferPointer { values in
            scores.withUnsafeBufferPointer { calibrate($0, by: curves, into: values) }
        }
        return fits ? values : nil
    }

    /// - Parameter values: As many as scores; anything where the answer is `false`.
    private static func calibrate(
        _ scores: UnsafeBufferPointer<Double>, by curves: [IsotonicCurve],
        into values: UnsafeMutableBufferPointer<Double>
    ) -> Bool {
        if scores.count == 2, curves.count == 1 {
            guard let value = curves[0].apply(scores[1]) else { return false }
            values[1] = min(max(value, 0), 1)
            values[0] = 1 - values[1]
            return true
        }
        guard scores.count == curves.count else { return false }
        var sum = 0.0
        for index in scores.indices {
            guard let value = curves[index].apply(scores[index]) else { return false }
            values[index] = max(value, 0)
            sum += values[index]
        }
        for index in scores.indices { values[index] = sum > 0 ? values[index] / sum : 1 / Double(scores.count) }
        return true
    }

    private func ratio(_ a: Double, _ b: Double) -> Double { b > 0 ? a / b : 0 }

    private func averaged(_ value: (Int) -> Double) -> Double? {
        guard count > 0 else { return nil }
        if classes == 2 { return value(1) }
        return (0..<classes).reduce(0) { $0 + value($1) } / Double(classes)
    }
}
