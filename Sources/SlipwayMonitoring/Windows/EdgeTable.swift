// SPDX-License-Identifier: Apache-2.0

/// The edges of columns in one array, laid out so that a number finds its place in a fixed number of steps.
///
/// A column's edges are cut into blocks of 16, filled up with infinity; before them lie the blocks' last edges, filled
/// up to a multiple of 8. Counting how many of these are below a number gives its block, counting in the block its
/// place: five comparisons of eight numbers at once for 256 edges, without a branch that depends on the number.
struct EdgeTable: Sendable {
    private static let blockCount = 16
    private static let groupCount = 8

    /// Where a column lies.
    struct Place: Sendable {
        fileprivate var start: Int32
        fileprivate var groups: Int32
        fileprivate(set) var count: Int32
    }

    private(set) var values: [Double] = []

    /// Adds the edges of a column.
    ///
    /// - Parameter edges: Ascending, distinct and finite.
    mutating func append(_ edges: [Double]) -> Place {
        let blocks = edges.count / Self.blockCount + 1
        let groups = (blocks + Self.groupCount - 1) / Self.groupCount
        let place = Place(start: Int32(values.count), groups: Int32(groups), count: Int32(edges.count))
        for block in 0..<(groups * Self.groupCount) {
            let last = block * Self.blockCount + Self.blockCount - 1
            values.append(last < edges.count ? edges[last] : .infinity)
        }
        values += edges
        values += [Double](repeating: .infinity, count: blocks * Self.blockCount - edges.count)
        return place
    }

    /// The cell of a column that counts `x`: even ones are open intervals, odd ones hits of an edge.
    ///
    /// - Parameter x: Not NaN.
    @inline(__always)
    static func cell(of x: Double, at place: Place, in values: UnsafeBufferPointer<Double>) -> Int {
        let base = UnsafeRawPointer(values.baseAddress.unsafelyUnwrapped + Int(place.start))
        let wanted = SIMD8<Double>(repeating: x)
        var below = SIMD8<Int64>.zero
        for group in 0..<Int(place.groups) { below &+= isBelow(base, group, wanted) }
        let edges = Int(place.groups) &* groupCount
        let first = Int(0 &- below.wrappedSum()) &* blockCount
        let block = base + (edges &+ first) &* MemoryLayout<Double>.size
        let inside = isBelow(block, 0, wanted) &+ isBelow(block, 1, wanted)
        let index = first &+ Int(0 &- inside.wrappedSum())
        let edge = base.loadUnaligned(fromByteOffset: (edges &+ index) &* MemoryLayout<Double>.size, as: Double.self)
        return 2 &* index &+ (edge == x && index < Int(place.count) ? 1 : 0)
    }

    /// -1 for each of eight numbers that is below.
    @inline(__always)
    private static func isBelow(_ base: UnsafeRawPointer, _ group: Int, _ x: SIMD8<Double>) -> SIMD8<Int64> {
        let size = groupCount &* MemoryLayout<Double>.size
        let edges = base.loadUnaligned(fromByteOffset: group &* size, as: SIMD8<Double>.self)
        return unsafeBitCast(edges .< x, to: SIMD8<Int64>.self)
    }
}
