// SPDX-License-Identifier: Apache-2.0

/// How numbers counted on a reference's edges differ from the reference.
///
/// Distances of shares use the bins `[e(0), e(1)]`, `(e(1), e(2)]`, ..., one below and one above all edges; where much
/// of the reference is on the least edge, or it has few different values, that edge is a bin of its own. Both sides
/// must have the same edges; with others, or with an empty side, every distance is 0 and every p-value 1, and
/// ``isComparable`` says so.
package struct EdgeComparison: Sendable {
    /// `false` where a side is empty or the edges differ.
    package let isComparable: Bool
    /// The largest difference of the distribution functions seen just below and on the edges; never above the exact
    /// Kolmogorov-Smirnov statistic, and at most `1 / intervals` below it for a reference that made the edges.
    package let ks: Double
    /// Area between the distribution functions, in the column's unit: **approximate**. Linear between edges, the
    /// tails outside the edges by the sums of distances.
    package let wasserstein: Double
    /// Shares by bin, all of them; empty where there is nothing to compare.
    package let shares: (reference: [Double], current: [Double])
    private let reference: EdgeCounts
    private let current: EdgeCounts

    package init(reference: EdgeCounts, current: EdgeCounts) {
        self.reference = reference
        self.current = current
        let isComparable = reference.edges == current.edges && reference.total > 0 && current.total > 0
        self.isComparable = isComparable
        guard isComparable else {
            (ks, wasserstein, shares) = (0, 0, ([], []))
            return
        }
        let separatesLeast = EdgeComparison.hasLeastApart(reference)
        shares = (
            Divergence.shares(EdgeComparison.counts(reference, separatesLeast)),
            Divergence.shares(EdgeComparison.counts(current, separatesLeast))
        )
        (ks, wasserstein) = EdgeComparison.walk(reference, current)
    }

    /// The probability of a larger ``ks`` when nothing differs, by ``HypothesisTests/kolmogorovLimit(_:_:_:)``. As
    /// ``ks`` errs to the small side, so does this to the large.
    package var ksPValue: Double {
        isComparable
            ? HypothesisTests.kolmogorovLimit(ks, Double(reference.total), Double(current.total)) : 1
    }

    /// ``shares`` joined to at most `groups` bins of about equal reference share; with 10, the scorecards' deciles.
    package func grouped(_ groups: Int) -> (reference: [Double], current: [Double]) {
        guard isComparable, groups >= 1 else { return ([], []) }
        var result: (reference: [Double], current: [Double]) = ([], [])
        var (group, left) = ((reference: 0.0, current: 0.0), 1.0)
        let (p, q) = shares
        for index in p.indices {
            group.reference += p[index]
            group.current += q[index]
            // What is left of the reference, evenly over the groups left; a group ends at the edge nearest to that.
            let share = left / Double(groups - result.reference.count)
            let next = index + 1 < p.count ? p[index + 1] : 0
            let isNearest = group.reference + next / 2 >= share - 1e-9 && group.reference > share / 2
            let isFull = isNearest && result.reference.count + 1 < groups
            guard isFull || index + 1 == p.count else { continue }
            result.reference.append(group.reference)
            result.current.append(group.current)
            left -= group.reference
            group = (0, 0)
        }
        return result
    }

    /// Whether the least edge must not be joined with the next: a flag of 0 and 1 would be one bin.
    private static func hasLeastApart(_ reference: EdgeCounts) -> Bool {
        let (edges, slots) = (reference.edges.count, reference.slots)
        guard edges > 1 else { return edges == 1 }
        let (total, least) = (Double(reference.total), Double(slots[1]))
        let isHeavy = least * Double(edges) >= 2 * total
        let isDiscrete = stride(from: 2, to: slots.count - 1, by: 2).allSatisfy { slots[$0] == 0 }
        return isHeavy || isDiscrete && total >= 2 * Double(edges)
    }

    private static func counts(_ edgeCounts: EdgeCounts, _ separatesLeast: Bool) -> [Double] {
        let slots = edgeCounts.slots
        // Below, perhaps the least edge, the intervals, above; without edges there is one bin.
        let first = separatesLeast ? 1 : 0
        let outer = edgeCounts.edges.count + first
        var bins = [Double](repeating: 0, count: outer + 1)
        for (slot, count) in slots.enumerated() {
            let bin = slot == 0 ? 0 : slot == slots.count - 1 ? outer : max(slot / 2 + first, 1)
            bins[bin] += Double(count)
        }
        return bins
    }

    private static func walk(_ reference: EdgeCounts, _ current: EdgeCounts) -> (ks: Double, area: Double) {
        let (n, m) = (Double(reference.total), Double(current.total))
        let edges = reference.edges
        var ks = 0.0
        var area = abs(current.lowerTail / m - reference.lowerTail / n)
        area += abs(current.upperTail / m - reference.upperTail / n)
        var (f, g): (UInt64, UInt64) = (0, 0)
        for slot in reference.slots.indices {
            let (fLow, gLow) = (Double(f) / n, Double(g) / m)
            f &+= reference.slots[slot]
            g &+= current.slots[slot]
            let (fHigh, gHigh) = (Double(f) / n, Double(g) / m)
            ks = max(ks, abs(fHigh - gHigh))
            if slot & 1 == 0, slot > 0, slot < reference.slots.count - 1 {
                area += (edges[slot / 2] - edges[slot / 2 - 1]) * meanDistance(fLow - gLow, fHigh - gHigh)
            }
        }
        return (ks, area)
    }

    /// The mean of |x| as x goes evenly from `a` to `b`.
    private static func meanDistance(_ a: Double, _ b: Double) -> Double {
        guard a * b < 0 else { return (abs(a) + abs(b)) / 2 }
        return (a * a + b * b) / (2 * (abs(a) + abs(b)))
    }
}
