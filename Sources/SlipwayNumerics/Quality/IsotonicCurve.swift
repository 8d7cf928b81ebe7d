// SPDX-License-Identifier: Apache-2.0

/// A rising curve that maps raw scores to calibrated probabilities, linear between its points and level outside.
package struct IsotonicCurve: Sendable, Hashable, Codable {
    /// Ascending and distinct.
    package let scores: [Double]
    /// Not descending, one for each score.
    package let values: [Double]

    /// A curve made elsewhere; `nil` where it is empty, does not rise or is not finite.
    package init?(scores: [Double], values: [Double]) {
        guard scores.count == values.count, !scores.isEmpty else { return nil }
        guard (scores + values).allSatisfy(\.isFinite) else { return nil }
        guard zip(scores, scores.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        guard zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) else { return nil }
        self.scores = scores
        self.values = values
    }

    private enum CodingKeys: String, CodingKey { case scores, values }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let scores = try container.decode([Double].self, forKey: .scores)
        guard let curve = IsotonicCurve(scores: scores, values: try container.decode([Double].self, forKey: .values))
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .values, in: container, debugDescription: "a curve has ascending scores and values that rise")
        }
        self = curve
    }

    /// The least-squares rising fit (pool adjacent violators), as scikit-learn's `IsotonicRegression` with
    /// `out_of_bounds="clip"`: outcomes of equal scores are averaged first.
    ///
    /// - Parameters:
    ///   - outcomes: For calibration 0 or 1, one for each score.
    ///   - weights: Above 0; `nil` for 1 each.
    /// - Returns: `nil` where no row is finite.
    package static func fit(scores: [Double], outcomes: [Double], weights: [Double]? = nil) -> IsotonicCurve? {
        var rows: [(x: Double, y: Double, weight: Double)] = []
        for (index, (x, y)) in zip(scores, outcomes).enumerated() {
            let weight = weights.map { index < $0.count ? $0[index] : 0 } ?? 1
            if x.isFinite, y.isFinite, weight > 0, weight.isFinite { rows.append((x, y, weight)) }
        }
        rows.sort { $0.x < $1.x }
        var blocks: [Block] = []
        for row in rows {
            if let last = blocks.last, last.high == row.x, last.low == row.x {
                blocks[blocks.count - 1].pool(
                    Block(low: row.x, high: row.x, sum: row.y * row.weight, weight: row.weight))
            } else {
                blocks.append(Block(low: row.x, high: row.x, sum: row.y * row.weight, weight: row.weight))
            }
        }
        return curve(of: pooled(blocks))
    }

    /// The calibrated value; `nil` for NaN.
    package func apply(_ x: Double) -> Double? {
        guard x == x, let first = values.first, let last = values.last else { return nil }
        var (low, high) = (0, scores.count)
        while low < high {
            let middle = low + (high - low) / 2
            if scores[middle] < x { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return first }
        guard low < scores.count else { return last }
        let (x0, x1, y0, y1) = (scores[low - 1], scores[low], values[low - 1], values[low])
        return y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
    }

    private struct Block {
        var low: Double
        var high: Double
        var sum: Double
        var weight: Double
        var mean: Double { sum / weight }

        mutating func pool(_ next: Block) {
            high = next.high
            sum += next.sum
            weight += next.weight
        }
    }

    private static func pooled(_ blocks: [Block]) -> [Block] {
        var stack: [Block] = []
        for block in blocks {
            stack.append(block)
            while stack.count > 1, stack[stack.count - 2].mean >= stack[stack.count - 1].mean {
                let last = stack.removeLast()
                stack[stack.count - 1].pool(last)
            }
        }
        return stack
    }

    private static func curve(of blocks: [Block]) -> IsotonicCurve? {
        var (scores, values): ([Double], [Double]) = ([], [])
        for block in blocks {
            scores.append(block.low)
            values.append(block.mean)
            if block.high > block.low {
                scores.append(block.high)
                values.append(block.mean)
            }
        }
        return IsotonicCurve(scores: scores, values: values)
    }
}
