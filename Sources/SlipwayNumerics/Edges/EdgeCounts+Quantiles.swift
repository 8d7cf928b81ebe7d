// SPDX-License-Identifier: Apache-2.0

extension EdgeCounts {
    /// Edges that are values of a reference, so that at most `1 / intervals` of it lies strictly between two.
    ///
    /// - Parameters:
    ///   - sorted: The reference, ascending, without NaN; infinities are left out.
    ///   - intervals: At least 1.
    /// - Returns: At most `intervals + 1` distinct values, the least and the greatest among them; fewer where values
    ///   repeat, none for an empty reference.
    package static func quantileEdges(of sorted: [Double], intervals: Int = 256) -> [Double] {
        let low = sorted.firstIndex { $0 > -.infinity } ?? sorted.endIndex
        let high = sorted.lastIndex { $0 < .infinity } ?? (low - 1)
        guard low <= high, intervals >= 1 else { return [] }
        let values = sorted[low...high]
        guard values.count > intervals + 1 else { return distinct(Array(values)) }
        // Between ranks r(i) and r(i + 1) lie at most ceil((n - 1) / intervals) - 1 < n / intervals values.
        let last = values.count - 1
        return distinct((0...intervals).map { values[low + scaled($0, last, intervals)] })
    }

    /// A value that the share `p` of the numbers does not exceed, linear inside open intervals; `nil` when empty.
    ///
    /// Exact to the width of an interval. Numbers beyond the outer edges are taken for the edge.
    package func quantile(_ p: Double) -> Double? {
        let total = total
        guard total > 0, let first = edges.first, let last = edges.last, p == p else { return nil }
        let target = min(max(p, 0), 1) * Double(total)
        var below = 0.0
        for (slot, count) in slots.enumerated() where count > 0 {
            let share = Double(count)
            if below + share >= target {
                if slot == 0 { return first }
                if slot == slots.count - 1 { return last }
                if slot & 1 == 1 { return edges[slot / 2] }
                let (left, right) = (edges[slot / 2 - 1], edges[slot / 2])
                return left + (right - left) * ((target - below) / share)
            }
            below += share
        }
        return last
    }

    /// Shares by slot; all 0 when empty.
    package var shares: [Double] {
        let total = Double(total)
        return total > 0 ? slots.map { Double($0) / total } : [Double](repeating: 0, count: slots.count)
    }

    /// `index * last / intervals` rounded down, without overflow.
    private static func scaled(_ index: Int, _ last: Int, _ intervals: Int) -> Int {
        let (high, low) = index.multipliedFullWidth(by: last)
        return intervals.dividingFullWidth((high, low)).quotient
    }
}

extension EdgeCounts: Codable {
    private enum CodingKeys: String, CodingKey {
        case edges, slots, lowerTail, upperTail
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let decoded = EdgeCounts(
            edges: try container.decode([Double].self, forKey: .edges),
            slots: try container.decode([UInt64].self, forKey: .slots),
            lowerTail: try container.decodeIfPresent(Double.self, forKey: .lowerTail) ?? 0,
            upperTail: try container.decodeIfPresent(Double.self, forKey: .upperTail) ?? 0)
        guard let decoded else {
            throw DecodingError.dataCorruptedError(
                forKey: .slots, in: container,
                debugDescription: "edges must ascend and 2 * edges + 1 counts belong to them; make the profile anew")
        }
        self = decoded
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(edges, forKey: .edges)
        try container.encode(slots, forKey: .slots)
        try container.encode(lowerTail, forKey: .lowerTail)
        try container.encode(upperTail, forKey: .upperTail)
    }
}
