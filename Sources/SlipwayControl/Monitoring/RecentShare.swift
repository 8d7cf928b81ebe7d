// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A share of the last minute, made of two counts that only grow.
struct RecentShare: Sendable {
    private static let span: Int64 = 60_000
    /// Looks that are remembered: one a second of them.
    private static let distance: Int64 = 1000

    private struct Look {
        let at: Timestamp
        let all: Double
        let part: Double
    }

    private var looks: [Look] = []

    /// - Returns: How much of what came within the last minute was of the part, and how much came.
    mutating func share(of part: Double, in all: Double, at now: Timestamp) -> (share: Double, count: Int) {
        // A clock that was set back begins anew.
        if let last = looks.last, last.at > now { looks = [] }
        while looks.count > 1, now.milliseconds - looks[1].at.milliseconds >= Self.span { looks.removeFirst() }
        let first = looks.first ?? Look(at: now, all: 0, part: 0)
        if looks.last.map({ now.milliseconds - $0.at.milliseconds >= Self.distance }) ?? true {
            looks.append(Look(at: now, all: all, part: part))
        }
        let count = all - first.all
        return count > 0 ? (max(0, part - first.part) / count, Int(min(count, 1e15))) : (0, 0)
    }
}
