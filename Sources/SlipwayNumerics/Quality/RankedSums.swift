// SPDX-License-Identifier: Apache-2.0

/// Expected positives and negatives by raw score in 1,024 bins over [0, 1]: the area that they rank to.
struct RankedSums: Sendable, Hashable, Codable {
    private var positives: [Double]
    private var negatives: [Double]

    init() {
        positives = [Double](repeating: 0, count: ScoreBins.count)
        negatives = positives
    }

    static let sumCount = 2 * ScoreBins.count

    /// - Precondition: There are ``sumCount``.
    init(sums: ArraySlice<Double>) {
        positives = Array(sums.prefix(ScoreBins.count))
        negatives = Array(sums.suffix(ScoreBins.count))
    }

    /// Those of positives, then those of negatives.
    var sums: [Double] { positives + negatives }

    private enum CodingKeys: String, CodingKey { case positives, negatives }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        positives = try container.decode([Double].self, forKey: .positives)
        negatives = try container.decode([Double].self, forKey: .negatives)
        guard positives.count == ScoreBins.count, negatives.count == ScoreBins.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .positives, in: container, debugDescription: "there are 1,024 bins of either kind")
        }
    }

    mutating func add(_ probability: Double, score: Double) {
        let bin = min(Int(min(max(score, 0), 1) * Double(ScoreBins.count)), ScoreBins.count - 1)
        positives[bin] += probability
        negatives[bin] += 1 - probability
    }

    mutating func merge(_ other: RankedSums) {
        for index in positives.indices {
            positives[index] += other.positives[index]
            negatives[index] += other.negatives[index]
        }
    }

    /// `nil` unless both kinds are expected.
    var area: Double? {
        var (area, below, above) = (0.0, 0.0, 0.0)
        for index in positives.indices {
            area += positives[index] * (below + negatives[index] / 2)
            below += negatives[index]
            above += positives[index]
        }
        return above > 0 && below > 0 ? area / (above * below) : nil
    }
}
