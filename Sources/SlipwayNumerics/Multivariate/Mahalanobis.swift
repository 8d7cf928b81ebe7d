// SPDX-License-Identifier: Apache-2.0

/// How far a row is from the middle of the reference, in deviations along its own directions.
///
/// As scikit-learn's `EmpiricalCovariance`, whose `mahalanobis` is the square. Directions in which the reference does
/// not vary are left out, as by the pseudo-inverse.
package struct Mahalanobis: Sendable, Hashable, Codable {
    /// Most columns that are fitted.
    package static let maximumColumns = 256

    package let means: [Double]
    /// Row-major: rows are principal directions divided by their deviations.
    package let whitening: [[Double]]

    private enum CodingKeys: String, CodingKey { case means, whitening }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        means = try container.decode([Double].self, forKey: .means)
        whitening = try container.decode([[Double]].self, forKey: .whitening)
        let width = means.count
        guard width <= Mahalanobis.maximumColumns, whitening.count <= width,
            whitening.allSatisfy({ $0.count == width })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .whitening, in: container, debugDescription: "sizes of the directions do not fit; fit anew")
        }
    }

    private init(means: [Double], whitening: [[Double]]) {
        self.means = means
        self.whitening = whitening
    }

    /// Fits; values that are not finite are taken for the column's mean.
    ///
    /// - Parameter rows: At least 2, of equal length, 1 to ``maximumColumns`` columns.
    /// - Returns: `nil` where rows are too few, too wide or do not vary at all.
    package static func fit(_ rows: [[Double]]) -> Mahalanobis? {
        guard rows.count >= 2, let width = rows.first?.count, (1...maximumColumns).contains(width) else { return nil }
        guard let moments = ColumnMoments(rows) else { return nil }
        let eigen = SymmetricEigen(moments.covariance, size: width)
        // Below, a direction's variance is rounding of the largest.
        let least = (eigen.values.first ?? 0) * Double(width) * 1e-15
        let whitening = zip(eigen.values, eigen.vectors).filter { $0.0 > least }.map { value, vector in
            vector.map { $0 / value.squareRoot() }
        }
        return whitening.isEmpty ? nil : Mahalanobis(means: moments.means, whitening: whitening)
    }

    /// The distance, 0 or more; values that are not finite count as the mean. `nil` for another number of columns.
    ///
    /// Its square has the mean of the number of columns, for rows like the reference's.
    package func distance(_ row: [Double]) -> Double? {
        guard row.count == means.count else { return nil }
        let centred = row.indices.map { row[$0].isFinite ? row[$0] - means[$0] : 0 }
        var squares = 0.0
        for direction in whitening {
            var along = 0.0
            for index in centred.indices { along += direction[index] * centred[index] }
            squares += along * along
        }
        return squares.squareRoot()
    }
}
