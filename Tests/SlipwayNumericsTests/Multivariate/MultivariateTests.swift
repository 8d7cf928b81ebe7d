// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Many columns together")
struct MultivariateTests {
    private struct Tree: Decodable {
        var columns: [Int32]
        var cuts: [Double]
        var left: [Int32]
    }

    private struct Forest: Decodable {
        var rows, probes: [[Double]]
        var samples: Int
        var trees: [Tree]
        var scores, largeScores: [Double]
        var largeROCAUC: Double
        var averagePath: [[Double]]
    }

    private struct File: Decodable {
        var rows, probes: [[Double]]
        var components: Int
        var explained, errors, squaredDistances: [Double]
        var forest: Forest
    }

    private func golden() throws -> File { try Golden.load(File.self, "models") }

    @Test("equals scikit-learn's principal components and nannyml's reconstruction error")
    func components() throws {
        let data = try golden()
        let fitted = try #require(PrincipalComponents.fit(data.rows, variance: 0.65))
        #expect(fitted.components.count == data.components)
        for (share, expected) in zip(fitted.explained, data.explained) { #expect(near(share, expected, 1e-11)) }
        for (row, error) in zip(data.probes, data.errors) {
            // Eigenvectors are exact to about 1e-13 where values are apart, as they are here.
            #expect(near(fitted.reconstructionError(row), error, 1e-10))
        }
        #expect(try recoded(fitted) == fitted)
        let all = try #require(PrincipalComponents.fit(data.rows, variance: 1))
        #expect(all.components.count == 6)
        #expect(try #require(all.reconstructionError(data.probes[0])) < 1e-12)
    }

    @Test("takes missing values for the mean, and columns that do not vary for what they are")
    func missing() throws {
        let rows: [[Double]] = (0..<50).map { index in
            let x = Double(index)
            return [x, 2 * x + Double(index % 2), 4, index == 3 ? Double.nan : -x]
        }
        let fitted = try #require(PrincipalComponents.fit(rows))
        #expect(fitted.scales[2] == 1)
        #expect(try #require(fitted.reconstructionError([.nan, .nan, .nan, .nan])) == 0)
        #expect(try #require(fitted.reconstructionError([25, 50, 10, -25])) > 5)
        #expect(fitted.reconstructionError([1, 2, 3]) == nil)
        #expect(PrincipalComponents.fit([[1, 2]]) == nil)
        #expect(PrincipalComponents.fit([[1], [2]]) == nil)
        #expect(PrincipalComponents.fit([[1, 2], [1, 2]]) == nil)
        #expect(PrincipalComponents.fit([[1, 2], [1]]) == nil)
        #expect(PrincipalComponents.fit([[1, .nan], [2, .nan]]) == nil)
    }

    @Test("equals scikit-learn's Mahalanobis distance")
    func mahalanobis() throws {
        let data = try golden()
        let fitted = try #require(Mahalanobis.fit(data.rows))
        for (row, square) in zip(data.probes, data.squaredDistances) {
            // The covariance's condition is about 1e6, of which its inverse loses six digits.
            let distance = try #require(fitted.distance(row))
            #expect(near(distance * distance, square, 1e-9))
        }
        #expect(try recoded(fitted) == fitted)
        #expect(fitted.distance([1]) == nil)
    }

    @Test("leaves out directions in which the reference does not vary")
    func degenerate() throws {
        let fitted = try #require(Mahalanobis.fit((0..<40).map { [Double($0), 2 * Double($0), 3] }))
        #expect(fitted.whitening.count == 1)
        #expect(try #require(fitted.distance([19.5, 39, 3])) < 1e-12)
        #expect(Mahalanobis.fit([[1, 1], [1, 1]]) == nil)
    }

    @Test("scores as scikit-learn does with the same trees")
    func forestScores() throws {
        let data = try golden().forest
        let trees = data.trees.map { IsolationForest.Tree(columns: $0.columns, cuts: $0.cuts, left: $0.left) }
        let forest = try #require(IsolationForest(width: 3, samples: data.samples, trees: trees))
        for (row, score) in zip(data.probes, data.scores) { #expect(near(forest.score(row), score, 1e-12)) }
        for row in data.averagePath { #expect(near(IsolationForest.averagePath(Int(row[0])), row[1], 1e-14)) }
        #expect(try recoded(forest) == forest)
    }

    @Test("grows forests that rank outliers as scikit-learn's do", arguments: [1, 2, 3] as [UInt64])
    func grownForest(seed: UInt64) throws {
        let data = try golden().forest
        let forest = try #require(IsolationForest.fit(data.rows, seed: seed))
        #expect(forest.trees.count == 100 && forest.samples == 256)
        let scores = try data.probes.map { try #require(forest.score($0)) }
        let labels = data.probes.indices.map { $0 >= 60 }
        // Two forests of other random cuts: areas within a few hundredths, scores within 0.05 of one another.
        let area = try #require(ClassificationMetrics.rocAUC(scores: scores, labels: labels))
        #expect(abs(area - data.largeROCAUC) < 0.03)
        for (score, expected) in zip(scores, data.largeScores) { #expect(abs(score - expected) < 0.08) }
        #expect(try #require(IsolationForest.fit(data.rows, seed: seed)) == forest)
    }

    @Test("refuses trees that point back or outside, and rows that do not fit")
    func wrongTrees() throws {
        typealias Tree = IsolationForest.Tree
        let leaf = Tree(columns: [-1], cuts: [0], left: [0])
        #expect(IsolationForest(width: 1, samples: 2, trees: [leaf]) != nil)
        for tree in [
            Tree(columns: [0], cuts: [0], left: [0]), Tree(columns: [0, -1], cuts: [0, 0], left: [1, 0]),
            Tree(columns: [1, -1, -1], cuts: [0, 0, 0], left: [1, 0, 0]), Tree(columns: [], cuts: [], left: []),
            Tree(columns: [-1], cuts: [], left: [0]),
        ] {
            #expect(IsolationForest(width: 1, samples: 2, trees: [tree]) == nil)
        }
        let forest = try #require(IsolationForest.fit([[1, 2], [3, 4], [.nan, 1], [5, 5]], trees: 5, seed: 1))
        #expect(forest.samples == 3)
        #expect(forest.score([1]) == nil)
        #expect(forest.score([1, .nan]) == nil)
        #expect(IsolationForest.fit([[1, 2]], seed: 1) == nil)
        // Rows that are all alike cannot be told apart: every path is that of the whole.
        #expect(near(IsolationForest.fit([[1], [1], [1]], seed: 1)?.score([9]), 0.5, 1e-13))
    }

    @Test("finds eigenvalues and vectors of matrices of many sizes", arguments: [1, 2, 3, 10, 40])
    func eigen(size: Int) {
        var random = SplitMix64(seed: UInt64(size))
        var matrix = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for j in i..<size {
                matrix[i * size + j] = normal(&random)
                matrix[j * size + i] = matrix[i * size + j]
            }
        }
        let eigen = SymmetricEigen(matrix, size: size)
        #expect(eigen.values == eigen.values.sorted(by: >))
        for (value, vector) in zip(eigen.values, eigen.vectors) {
            for row in 0..<size {
                let product = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * vector[$1] }
                // Backward error: a few units in the last place of the norm, about 2 sqrt(size).
                #expect(abs(product - value * vector[row]) < 1e-13 * Double(size))
            }
            #expect(near(vector.reduce(0) { $0 + $1 * $1 }, 1, 1e-13))
        }
    }
}
