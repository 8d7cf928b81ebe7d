// SPDX-License-Identifier: Apache-2.0

/// Why calls have the size they have, for an endpoint's status.
package struct BatchExplanation: Sendable, Hashable {
    /// The most rows a call is given now; a single request may have more.
    package let chosenRows: Int
    package let reason: String

    init(policy: BatchPolicy, curve: CostCurve, chosenRows: Int, verdict: CostCurve.Verdict) {
        self.chosenRows = chosenRows
        reason =
            if !policy.isBatching {
                "batching is off: every request runs alone"
            } else if policy.maximumRows <= 1 {
                "a call takes one row at most"
            } else if !policy.preferredRows.isEmpty {
                "preferred sizes set by hand: " + policy.preferredRows.map { "\($0)" }.joined(separator: ", ")
            } else {
                Self.reason(points: curve.points, chosenRows: chosenRows, verdict: verdict)
            }
    }

    private static func reason(points: [CostCurve.Point], chosenRows: Int, verdict: CostCurve.Verdict) -> String {
        guard let first = points.first, let last = points.last else { return "no call was measured yet" }
        switch verdict {
        case .unknown: return "no call within the bound was measured yet"
        case .growing: return "larger calls are still being tried: " + comparison(first, last)
        case .noProfit: return "no profit from batching: " + comparison(first, last)
        case .settled:
            let chosen = points.last { $0.size <= chosenRows } ?? first
            return "the smallest size within 5 % of the best rate: " + comparison(first, chosen)
        }
    }

    /// Such as "8 rows take 7.9 times as long as 1".
    private static func comparison(_ small: CostCurve.Point, _ large: CostCurve.Point) -> String {
        guard large.size > small.size else {
            return large.size == 1 ? "only calls of 1 row were measured" : "\(large.size) rows"
        }
        let tenths = Int(min(large.seconds / small.seconds * 10, 1e12) + 0.5)
        return "\(large.size) rows take \(tenths / 10).\(tenths % 10) times as long as \(small.size)"
    }
}
