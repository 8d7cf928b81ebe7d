// SPDX-License-Identifier: Apache-2.0

/// Scores against outcomes in bins of equal width over [0, 1], `(low, high]`; merges by addition, exact.
package struct CalibrationTable: Sendable, Hashable, Codable {
    package private(set) var counts: [Double]
    package private(set) var scores: [Double]
    package private(set) var positives: [Double]

    /// - Parameter bins: 1 to 1,000; others are brought inside.
    package init(bins: Int = 15) {
        let zeros = [Double](repeating: 0, count: min(max(bins, 1), 1000))
        (counts, scores, positives) = (zeros, zeros, zeros)
    }

    /// A table whose sums were kept elsewhere; `nil` unless the columns are equally long and hold possible sums.
    package init?(counts: [Double], scores: [Double], positives: [Double]) {
        guard (1...1000).contains(counts.count), scores.count == counts.count, positives.count == counts.count,
            counts.indices.allSatisfy({ counts[$0] >= positives[$0] && positives[$0] >= 0 && !scores[$0].isNaN })
        else { return nil }
        (self.counts, self.scores, self.positives) = (counts, scores, positives)
    }

    private enum CodingKeys: String, CodingKey { case counts, scores, positives }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        counts = try container.decode([Double].self, forKey: .counts)
        scores = try container.decode([Double].self, forKey: .scores)
        positives = try container.decode([Double].self, forKey: .positives)
        guard (1...1000).contains(counts.count), scores.count == counts.count, positives.count == counts.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container, debugDescription: "a table has three equally long columns of 1 to 1,000"
            )
        }
    }

    /// Counts one row; a score outside [0, 1] goes to the nearest bin, NaN is left out.
    package mutating func add(_ score: Double, _ isPositive: Bool) {
        guard score == score else { return }
        let width = Double(counts.count)
        let bin = Int((min(max(score, 0), 1) * width).rounded(.up)) - 1
        let index = min(max(bin, 0), counts.count - 1)
        counts[index] += 1
        scores[index] += score
        if isPositive { positives[index] += 1 }
    }

    /// Adds a table of as many bins; others are left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: CalibrationTable) -> Bool {
        guard counts.count == other.counts.count else { return false }
        for index in counts.indices {
            counts[index] += other.counts[index]
            scores[index] += other.scores[index]
            positives[index] += other.positives[index]
        }
        return true
    }

    /// The expected calibration error (L1); `nil` when empty.
    package var expectedError: Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        return counts.indices.reduce(0) { $0 + abs(positives[$1] - scores[$1]) } / total
    }
}
