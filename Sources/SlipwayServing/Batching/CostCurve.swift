// SPDX-License-Identifier: Apache-2.0

/// Seconds an engine call takes, by its rows, learned from the calls that ended well.
///
/// Sizes up to 8 are told apart, larger ones fall into four ranges per doubling, so the curve stays small and each
/// point gathers enough calls to be trusted. The curve never falls: where two sizes contradict one another, the
/// newer measurement moves the older one.
package struct CostCurve: Sendable, Hashable {
    /// Calls of about one size.
    package struct Point: Sendable, Hashable {
        /// Smoothed over the calls of the range.
        package fileprivate(set) var rows: Double
        package fileprivate(set) var seconds: Double
        package fileprivate(set) var calls: Int
        fileprivate let range: Int

        var rowsPerSecond: Double { rows / seconds }
        /// The size as a whole number.
        var size: Int { max(1, Int(rows + 0.5)) }
    }

    /// Ascending in rows and in seconds.
    package private(set) var points: [Point] = []

    /// A call that takes longer than this many times what is known counts as one that took so long.
    private static let outlier = 2.0
    /// The same for the first call of a size, which is only guessed from other sizes.
    private static let firstOutlier = 4.0
    /// Weight of a new call once a point has settled: of one that was faster than what is known, and of one that was
    /// slower. What the machine does besides makes calls slower now and then, never faster: by its quick calls a size
    /// is known, so that sizes can be told apart although times scatter.
    private static let weights = (faster: 0.25, slower: 0.05)
    /// Larger and longer calls count as this large and long, which keeps every sum and quotient finite.
    private static let mostRows = 1 << 40
    private static let mostSeconds = 1e9

    package init() {}

    /// A curve that starts from calls timed beforehand, at warm-up.
    package init(measurements: [(rows: Int, seconds: Double)]) {
        for measurement in measurements { record(rows: measurement.rows, seconds: measurement.seconds) }
        // Timed on purpose, and the faster of several runs: as good as several calls.
        for index in points.indices { points[index].calls = max(points[index].calls, Self.trials) }
    }

    /// Learns from one call; one without rows or with a time that is no positive number is ignored.
    package mutating func record(rows: Int, seconds: Double) {
        guard rows >= 1, seconds > 0, seconds.isFinite else { return }
        let rows = min(rows, Self.mostRows)
        let seconds = min(seconds, Self.mostSeconds)
        let range = Self.range(of: rows)
        let index = firstIndex { $0.range >= range }
        if index < points.count, points[index].range == range {
            smooth(index, rows: rows, seconds: seconds)
        } else {
            let expected = self.seconds(rows: rows).map { max($0, proportional(rows: rows)) }
            let held = expected.map { min(seconds, $0 * Self.firstOutlier) } ?? seconds
            points.insert(Point(rows: Double(rows), seconds: held, calls: 1, range: range), at: index)
        }
        straighten(around: index)
    }

    /// Expected time of a call; `nil` while nothing is known.
    ///
    /// Between two known sizes on the line between them, below the smallest as long as that one, and above the
    /// largest in proportion: no call is taken to be cheaper per row than one that was seen.
    package func seconds(rows: Int) -> Double? {
        guard let first = points.first, let last = points.last else { return nil }
        let rows = Double(min(rows, Self.mostRows))
        if rows <= first.rows { return first.seconds }
        if rows >= last.rows { return last.seconds * (rows / last.rows) }
        let upper = points[firstIndex { $0.rows >= rows }]
        let lower = points[firstIndex { $0.rows >= rows } - 1]
        return lower.seconds + (upper.seconds - lower.seconds) * (rows - lower.rows) / (upper.rows - lower.rows)
    }

    /// What the nearest known size says when time is in proportion to rows.
    private func proportional(rows: Int) -> Double {
        let above = firstIndex { $0.rows >= Double(rows) }
        let near = points[max(0, above - 1)]
        return near.seconds * max(1, Double(rows) / near.rows)
    }

    private mutating func smooth(_ index: Int, rows: Int, seconds: Double) {
        let known = points[index].seconds
        let settled = seconds < known ? Self.weights.faster : Self.weights.slower
        let weight = max(settled, 1 / Double(points[index].calls + 1))
        points[index].seconds += (min(seconds, known * Self.outlier) - known) * weight
        points[index].rows += (Double(rows) - points[index].rows) * weight
        points[index].calls = min(points[index].calls + 1, 1 << 20)
    }

    /// Moves the points that contradict the one just measured.
    private mutating func straighten(around index: Int) {
        let seconds = points[index].seconds
        var below = index - 1
        while below >= 0, points[below].seconds > seconds {
            points[below].seconds = seconds
            below -= 1
        }
        var above = index + 1
        while above < points.count, points[above].seconds < seconds {
            points[above].seconds = seconds
            above += 1
        }
    }

    /// The first point for which `holds` is true; it must stay true from there on.
    private func firstIndex(where holds: (Point) -> Bool) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if holds(points[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// 1 to 8 for themselves; then 9-10, 11-12, 13-14, 15-16, 17-20 and so on: powers of two end a range.
    private static func range(of rows: Int) -> Int {
        guard rows > 8 else { return rows }
        let octave = Int.bitWidth - 1 - (rows - 1).leadingZeroBitCount
        return 8 + (octave - 3) * 4 + ((rows - 1) >> (octave - 2)) - 3
    }
}
