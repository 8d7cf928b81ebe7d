// SPDX-License-Identifier: Apache-2.0

/// Counts of numbers between and on fixed edges, in constant memory.
///
/// With edges that are quantile values of a reference, the largest difference of the two distribution functions seen
/// at the edges (just below and on each) is at most `1 / intervals` under the exact Kolmogorov-Smirnov statistic,
/// whatever the other data is. That needs the numbers that hit an edge counted apart from those between edges.
/// 256 intervals take 4 KB, and once for all that share them 2 KB of edges. Counts of the same edges merge by addition.
package struct EdgeCounts: Sendable, Hashable {
    /// Ascending, distinct and finite.
    package let edges: [Double]
    /// Interval below the first edge, first edge, interval after it, ..., interval above the last edge.
    package private(set) var slots: [UInt64]
    /// Sum of the distances of the finite numbers below the first edge from it.
    package private(set) var lowerTail: Double
    /// Sum of the distances of the finite numbers above the last edge from it.
    package private(set) var upperTail: Double
    /// Every ``block``-th edge after the first, up to a whole number of blocks filled with infinity.
    private let pivots: [Double]
    private static let block = 16

    /// - Parameter edges: In any order; repeated and not finite ones are left out.
    package init(edges: [Double]) {
        self.init(distinct: EdgeCounts.distinct(edges.filter(\.isFinite).sorted()))
    }

    /// Counts made elsewhere; `nil` where the edges are not ascending, distinct and finite or sizes do not fit.
    package init?(
        edges: [Double], open: [UInt64], at: [UInt64], lowerTail: Double = 0, upperTail: Double = 0
    ) {
        guard open.count == edges.count + 1, at.count == edges.count else { return nil }
        var slots = [UInt64](repeating: 0, count: 2 * edges.count + 1)
        for (index, count) in open.enumerated() { slots[2 * index] = count }
        for (index, count) in at.enumerated() { slots[2 * index + 1] = count }
        self.init(edges: edges, slots: slots, lowerTail: lowerTail, upperTail: upperTail)
    }

    /// Counts by slot, as ``slots`` gave them; `nil` as above, and where their sum does not fit.
    package init?(edges: [Double], slots: [UInt64], lowerTail: Double = 0, upperTail: Double = 0) {
        guard slots.count == 2 * edges.count + 1, edges.allSatisfy(\.isFinite) else { return nil }
        guard zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        guard lowerTail >= 0, upperTail >= 0 else { return nil }
        var total: UInt64 = 0
        for count in slots {
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard !overflow else { return nil }
            total = sum
        }
        self.init(distinct: edges)
        self.slots = slots
        self.lowerTail = lowerTail
        self.upperTail = upperTail
    }

    private init(distinct edges: [Double]) {
        self.edges = edges
        var pivots = stride(from: EdgeCounts.block, to: edges.count, by: EdgeCounts.block).map { edges[$0] }
        while pivots.count % EdgeCounts.block != 0 || pivots.isEmpty { pivots.append(.infinity) }
        self.pivots = pivots
        slots = [UInt64](repeating: 0, count: 2 * edges.count + 1)
        lowerTail = 0
        upperTail = 0
    }

    /// Counts of the open intervals: below the first edge, between edges, above the last.
    package var open: [UInt64] { stride(from: 0, to: slots.count, by: 2).map { slots[$0] } }
    /// Counts of the numbers equal to each edge.
    package var at: [UInt64] { stride(from: 1, to: slots.count, by: 2).map { slots[$0] } }
    /// Numbers counted.
    package var total: UInt64 { slots.reduce(0, &+) }

    /// Counts one number; NaN is left out, infinities count in the outer intervals.
    @inline(__always)
    package mutating func add(_ x: Double) {
        guard x == x else { return }
        let slot = edges.withUnsafeBufferPointer { edges in
            pivots.withUnsafeBufferPointer { EdgeCounts.locate(x, in: edges, $0) }
        }
        slots.withUnsafeMutableBufferPointer { $0[slot] &+= 1 }
        if slot == 0 || slot == 2 &* edges.count { addTail(x) }
    }

    /// Counts many numbers, as ``add(_:)-(Double)`` each.
    package mutating func add(_ values: UnsafeBufferPointer<Double>) {
        guard let first = edges.first, let last = edges.last else {
            for x in values where x == x { slots[0] &+= 1 }
            return
        }
        slots.withUnsafeMutableBufferPointer { slots in
            edges.withUnsafeBufferPointer { edges in
                pivots.withUnsafeBufferPointer { pivots in
                    for x in values where x == x { slots[EdgeCounts.locate(x, in: edges, pivots)] &+= 1 }
                }
            }
        }
        for x in values where x.isFinite {
            if x < first { lowerTail += first - x }
            if x > last { upperTail += x - last }
        }
    }

    /// Adds counts of the same edges; others are left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: EdgeCounts) -> Bool {
        guard edges == other.edges else { return false }
        for index in slots.indices { slots[index] &+= other.slots[index] }
        lowerTail += other.lowerTail
        upperTail += other.upperTail
        return true
    }

    /// Back to no numbers, keeping the edges.
    package mutating func reset() {
        for index in slots.indices { slots[index] = 0 }
        lowerTail = 0
        upperTail = 0
    }

    /// The slot of a number that is not NaN.
    ///
    /// Counts the pivots below it, then the edges below it in the block found: the same steps for every number, so that
    /// no branch is mispredicted, and sums that the compiler makes vectors of.
    @inline(__always)
    private static func locate(
        _ x: Double, in edges: UnsafeBufferPointer<Double>, _ pivots: UnsafeBufferPointer<Double>
    ) -> Int {
        let count = edges.count
        guard let base = edges.baseAddress, let coarse = pivots.baseAddress, count >= block else {
            return locateAmongFew(x, in: edges)
        }
        var first = 0
        var group = 0
        while group < pivots.count {
            first &+= below(x, coarse + group)
            group &+= block
        }
        // Pads of the pivots count for an infinite number.
        first = min(first &* block, count &- block)
        first &+= below(x, base + first)
        let nearest = min(first, count &- 1)
        return 2 &* first &+ (base[nearest] == x ? 1 : 0)
    }

    /// How many of ``block`` numbers are below `x`: the sign bits of the differences, which are never rounded to 0.
    @inline(__always)
    private static func below(_ x: Double, _ numbers: UnsafePointer<Double>) -> Int {
        var sum: UInt64 = 0
        for index in 0..<block { sum &+= (numbers[index] - x).bitPattern &>> 63 }
        return Int(truncatingIfNeeded: sum)
    }

    private static func locateAmongFew(_ x: Double, in edges: UnsafeBufferPointer<Double>) -> Int {
        var first = 0
        while first < edges.count, edges[first] < x { first += 1 }
        return 2 * first + (first < edges.count && edges[first] == x ? 1 : 0)
    }

    @inline(never)
    private mutating func addTail(_ x: Double) {
        guard x.isFinite, let first = edges.first, let last = edges.last else { return }
        if x < first { lowerTail += first - x } else { upperTail += x - last }
    }

    static func distinct(_ sorted: [Double]) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(sorted.count)
        for x in sorted where result.last != x { result.append(x) }
        return result
    }
}
