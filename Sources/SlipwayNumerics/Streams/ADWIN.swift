// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Adaptive windowing (Bifet and Gavaldà 2007): whether any two parts of a stream since the last change have different
/// means, in logarithmic memory.
///
/// Defaults and detections are those of river: `delta` bounds the probability of a false cut at each check of numbers
/// in [0, 1], and a check comes every ``clock`` numbers, so that a false alarm is expected after no fewer than
/// `clock / delta` of them, 16,000 with the defaults; the bound is loose, and in truth they are far rarer. Scale
/// numbers of other size. After a detection it starts anew.
package struct ADWIN: Sendable, Hashable, Codable {
    package let delta: Double
    package let clock: Int
    package let grace: Int
    package let minimumPart: Int
    private static let bucketsPerRow = 5
    /// Row `r` has the sums of `2^r` numbers each, the oldest first.
    private var rows: [[Double]]
    private var ticks: Int
    /// Numbers in the window.
    package private(set) var width: Int
    private var total: Double
    /// Sum of squared distances from the mean.
    private var squares: Double

    /// - Parameters:
    ///   - delta: Above 0 and below 1.
    ///   - clock: Numbers from check to check.
    ///   - grace: Numbers before the first check.
    ///   - minimumPart: Numbers on either side of a cut.
    package init(delta: Double = 0.002, clock: Int = 32, grace: Int = 10, minimumPart: Int = 5) {
        self.delta = min(max(delta, 1e-12), 0.999)
        self.clock = max(clock, 1)
        self.grace = max(grace, 0)
        self.minimumPart = max(minimumPart, 2)
        rows = [[]]
        (ticks, width, total, squares) = (0, 0, 0, 0)
    }

    private enum CodingKeys: String, CodingKey {
        case delta, clock, grace, minimumPart, rows, ticks, width, total, squares
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            delta: try container.decode(Double.self, forKey: .delta),
            clock: try container.decode(Int.self, forKey: .clock),
            grace: try container.decode(Int.self, forKey: .grace),
            minimumPart: try container.decode(Int.self, forKey: .minimumPart))
        rows = try container.decode([[Double]].self, forKey: .rows)
        ticks = try container.decode(Int.self, forKey: .ticks)
        width = try container.decode(Int.self, forKey: .width)
        total = try container.decode(Double.self, forKey: .total)
        squares = try container.decode(Double.self, forKey: .squares)
        guard (1...48).contains(rows.count), rows.allSatisfy({ $0.count <= ADWIN.bucketsPerRow }),
            rows.enumerated().reduce(0, { $0 + $1.element.count << $1.offset }) == width,
            (0..<clock).contains(ticks)
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .rows, in: container, debugDescription: "the buckets do not add up to the window")
        }
    }

    /// The mean of the window; 0 when empty.
    package var mean: Double { width > 0 ? total / Double(width) : 0 }
    /// The variance of the window (`ddof = 0`); 0 when empty.
    package var variance: Double { width > 0 ? squares / Double(width) : 0 }
    /// Buckets in use, what memory goes with: at most 5 for each doubling of the window.
    package var bucketCount: Int { rows.reduce(0) { $0 + $1.count } }

    /// Adds one number; `true` when the mean has changed. Numbers that are not finite are left out.
    package mutating func add(_ x: Double) -> Bool {
        guard x.isFinite else { return false }
        insert(x)
        ticks = (ticks + 1) % clock
        guard ticks == 0, width > grace, hasCut() else { return false }
        (rows, width, total, squares) = ([[]], 0, 0, 0)
        return true
    }

    private mutating func insert(_ x: Double) {
        if width > 0 {
            let difference = x - mean
            squares += difference * difference * Double(width) / Double(width + 1)
        }
        width += 1
        total += x
        rows[0].append(x)
        var row = 0
        while rows[row].count > ADWIN.bucketsPerRow {
            let sum = rows[row][0] + rows[row][1]
            rows[row].removeFirst(2)
            row += 1
            if row == rows.count { rows.append([]) }
            rows[row].append(sum)
        }
    }

    private func hasCut() -> Bool {
        var (n0, sum0) = (0, 0.0)
        for row in rows.indices.reversed() {
            for sum in rows[row] {
                n0 += 1 << row
                sum0 += sum
                let n1 = width - n0
                if n1 < minimumPart { return false }
                if n0 >= minimumPart, isCut(n0, n1, abs(sum0 / Double(n0) - (total - sum0) / Double(n1))) {
                    return true
                }
            }
        }
        return false
    }

    private func isCut(_ n0: Int, _ n1: Int, _ difference: Double) -> Bool {
        let logarithm = log(2 * log(Double(width)) / delta)
        let harmonic = 1 / Double(n0 - minimumPart + 1) + 1 / Double(n1 - minimumPart + 1)
        return difference > (2 * harmonic * variance * logarithm).squareRoot() + 2.0 / 3 * harmonic * logarithm
    }
}
