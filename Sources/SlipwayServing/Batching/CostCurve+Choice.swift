// SPDX-License-Identifier: Apache-2.0

extension CostCurve {
    /// What the curve says about the size of a call.
    package enum Verdict: Sendable, Hashable {
        case unknown
        /// The largest size known was still an improvement over half of it, so twice as many are tried.
        case growing
        /// More rows in one call are no faster than one after the other.
        case noProfit
        case settled
    }

    /// A size within this part of the best rate is as good as the best: less cannot be told from chance, and a smaller
    /// call answers sooner.
    private static let enough = 0.95
    /// A doubling must improve the rate by this factor for the next doubling to be tried.
    private static let improvement = 1.05
    /// A size counts once it was measured so often: a single call may be lucky or not.
    static let trials = 3
    /// A call takes at most so many times as long as one row. Where a call's time is a constant and a part for each
    /// row, larger ones would raise the rate by 5 % at most, and make every request wait longer.
    private static let longest = 20.0

    /// The smallest size whose rows per second reach 95 % of the best measured, among sizes up to `limit`.
    ///
    /// 1 while nothing is known.
    package func bestRows(atMost limit: Int) -> Int {
        let known = points.filter { $0.size <= limit }
        let trusted = known.filter { $0.calls >= Self.trials }
        let candidates = trusted.isEmpty ? known : trusted
        guard let best = candidates.map(\.rowsPerSecond).max() else { return points.isEmpty ? 1 : max(1, limit) }
        return candidates.first { $0.rowsPerSecond >= best * Self.enough }?.size ?? 1
    }

    /// The most rows a call may have: the best size, or more while larger calls may still prove better.
    package func choose(atMost limit: Int) -> (rows: Int, verdict: Verdict) {
        let limit = max(1, min(limit, longestCall))
        guard let largest = points.last(where: { $0.size <= limit }) else {
            return (points.isEmpty ? 1 : limit, .unknown)
        }
        let best = bestRows(atMost: limit)
        let size = largest.size
        if largest.calls < Self.trials {
            if improves(largest) || size <= best * 2 { return (size, .growing) }
        } else if size < limit, improves(largest) {
            return (size > limit / 2 ? limit : size * 2, .growing)
        }
        return (best, best == 1 && limit > 1 ? .noProfit : .settled)
    }

    /// The most rows of a call that is not too long; no bound while a single row was not measured.
    private var longestCall: Int {
        guard let first = points.first, first.size == 1 else { return .max }
        // Past the largest size known, time is taken to be in proportion: that bound needs no search.
        guard let last = points.last, last.seconds < first.seconds * Self.longest else {
            return max(1, rows(within: first.seconds * Self.longest, atMost: points.last?.size ?? 1))
        }
        return max(last.size, Int(min(Double(last.size) * first.seconds * Self.longest / last.seconds, 1e12)))
    }

    /// Whether a call of this size is better than two of half of it; taken for granted when half is not known.
    private func improves(_ point: Point) -> Bool {
        let half = point.size / 2
        guard half >= 1, let seconds = seconds(rows: half) else { return true }
        return point.rowsPerSecond > Double(half) / seconds * Self.improvement
    }

    /// The most rows, up to `limit`, that run within `seconds`; 0 when not even one does.
    package func rows(within seconds: Double, atMost limit: Int) -> Int {
        guard let whole = self.seconds(rows: limit), whole > seconds else { return limit }
        var low = 0
        var high = limit
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if (self.seconds(rows: middle) ?? 0) <= seconds { low = middle } else { high = middle }
        }
        return low
    }
}
