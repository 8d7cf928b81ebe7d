// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Many columns together")
struct MultivariateTests {
    private struct File: Decodable {
        var rows, probes: [[Double]]
        var components: Int
        var explained, errors, squaredDistances: [Double]
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
