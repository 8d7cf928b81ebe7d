// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How easily random cuts set a row apart from the reference (Liu, Ting and Zhou 2008), with scikit-learn's formula.
///
/// The score is `2^(-E[path] / c(samples))`: near 1 for outliers, 0.5 for rows like the reference's, below for inliers.
package struct IsolationForest: Sendable, Hashable, Codable {
    /// Nodes of one tree; the children of node `i` are `left[i]` and the one after it, and have higher numbers.
    package struct Tree: Sendable, Hashable, Codable {
        /// The column that is cut, -1 for leaves.
        package var columns: [Int32]
        /// Rows up to and with it go left; of leaves, the path's length with what is not grown.
        package var cuts: [Double]
        package var left: [Int32]

        package init(columns: [Int32], cuts: [Double], left: [Int32]) {
            self.columns = columns
            self.cuts = cuts
            self.left = left
        }

        func isValid(width: Int) -> Bool {
            guard !columns.isEmpty, cuts.count == columns.count, left.count == columns.count else { return false }
            return columns.indices.allSatisfy { node in
                columns[node] < 0
                    || (Int(columns[node]) < width && Int(left[node]) > node && Int(left[node]) + 1 < columns.count)
            }
        }

        func path(_ row: [Double]) -> Double {
            var node = 0
            while columns[node] >= 0 {
                node = Int(left[node]) + (row[Int(columns[node])] <= cuts[node] ? 0 : 1)
            }
            return cuts[node]
        }
    }

    /// Columns of a row.
    package let width: Int
    /// Rows that each tree was grown of.
    package let samples: Int
    package let trees: [Tree]

    /// A forest made elsewhere; `nil` where a tree's numbers do not fit.
    package init?(width: Int, samples: Int, trees: [Tree]) {
        guard width > 0, samples > 1, !trees.isEmpty, trees.allSatisfy({ $0.isValid(width: width) }) else { return nil }
        self.width = width
        self.samples = samples
        self.trees = trees
    }

    private enum CodingKeys: String, CodingKey { case width, samples, trees }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let decoded = IsolationForest(
            width: try container.decode(Int.self, forKey: .width),
            samples: try container.decode(Int.self, forKey: .samples),
            trees: try container.decode([Tree].self, forKey: .trees))
        guard let decoded else {
            throw DecodingError.dataCorruptedError(
                forKey: .trees, in: container, debugDescription: "a tree points outside of itself; fit the forest anew")
        }
        self = decoded
    }

    /// Grows a forest; the same seed gives the same.
    ///
    /// - Parameters:
    ///   - rows: At least 2, of equal length; those with values that are not finite are left out.
    ///   - trees: 1 to 1,000; others are brought inside.
    ///   - samples: Rows of each tree, drawn without replacement, at most all.
    /// - Returns: `nil` where fewer than two rows are left.
    package static func fit(
        _ rows: [[Double]], trees: Int = 100, samples: Int = 256, seed: UInt64
    ) -> IsolationForest? {
        guard let width = rows.first?.count, width > 0 else { return nil }
        let usable = rows.indices.filter { rows[$0].count == width && rows[$0].allSatisfy(\.isFinite) }
        let size = min(max(samples, 2), usable.count)
        guard size >= 2 else { return nil }
        var random = SplitMix64(seed: seed)
        let grown = (0..<min(max(trees, 1), 1000)).map { _ in
            var drawn = usable
            for place in 0..<size { drawn.swapAt(place, place + random.below(drawn.count - place)) }
            var grower = TreeGrower(rows: rows, width: width, random: random)
            let tree = grower.grow(Array(drawn.prefix(size)))
            random = grower.random
            return tree
        }
        return IsolationForest(width: width, samples: size, trees: grown)
    }

    /// The anomaly score, 0 to 1; scikit-learn's `score_samples` is its negative. `nil` for another number of columns
    /// or a value that is NaN.
    package func score(_ row: [Double]) -> Double? {
        guard row.count == width, row.allSatisfy({ $0 == $0 }) else { return nil }
        let path = trees.reduce(0) { $0 + $1.path(row) } / Double(trees.count)
        return exp2(-path / IsolationForest.averagePath(samples))
    }

    /// The mean path of an unsuccessful search in a binary tree of so many rows,
    /// `2 (ln(n - 1) + 0.5772) - 2 (n - 1) / n`.
    package static func averagePath(_ rows: Int) -> Double {
        if rows <= 1 { return 0 }
        if rows == 2 { return 1 }
        let n = Double(rows)
        return 2 * (log(n - 1) + 0.5772156649015329) - 2 * (n - 1) / n
    }
}

/// Grows one tree of random cuts, breadth first.
private struct TreeGrower {
    let rows: [[Double]]
    let width: Int
    var random: SplitMix64

    mutating func grow(_ drawn: [Int]) -> IsolationForest.Tree {
        var tree = IsolationForest.Tree(columns: [-1], cuts: [0], left: [0])
        // Twice the rows, less one, is the most nodes; depth is bounded by the logarithm.
        let deepest = Int(log2(Double(max(drawn.count, 2))).rounded(.up))
        var waiting: [(node: Int, depth: Int, rows: [Int])] = [(0, 0, drawn)]
        var next = 0
        while next < waiting.count {
            let (node, depth, members) = waiting[next]
            waiting[next].rows = []
            next += 1
            guard depth < deepest, members.count > 1, let (column, cut) = randomCut(members) else {
                tree.cuts[node] = Double(depth) + IsolationForest.averagePath(members.count)
                continue
            }
            let first = tree.columns.count
            tree.columns[node] = Int32(truncatingIfNeeded: column)
            tree.cuts[node] = cut
            tree.left[node] = Int32(truncatingIfNeeded: first)
            tree.columns += [-1, -1]
            tree.cuts += [0, 0]
            tree.left += [0, 0]
            waiting.append((first, depth + 1, members.filter { rows[$0][column] <= cut }))
            waiting.append((first + 1, depth + 1, members.filter { rows[$0][column] > cut }))
        }
        return tree
    }

    /// A column that varies among the rows, drawn evenly, and a cut between its ends; `nil` where none varies.
    private mutating func randomCut(_ members: [Int]) -> (column: Int, cut: Double)? {
        var columns = Array(0..<width)
        while !columns.isEmpty {
            let column = columns.remove(at: random.below(columns.count))
            var (low, high) = (Double.infinity, -Double.infinity)
            for row in members {
                low = min(low, rows[row][column])
                high = max(high, rows[row][column])
            }
            guard low < high else { continue }
            // Halves first, so that the distance of huge numbers does not overflow.
            let cut = low + 2 * (random.unit() * (high / 2 - low / 2))
            return (column, cut >= high ? low : cut)
        }
        return nil
    }
}
