// SPDX-License-Identifier: Apache-2.0

/// The main directions of standardised rows, and how badly a row fits them.
///
/// As nannyml's reconstruction error: standardise (deviation with `ddof = 0`), keep the fewest components that explain
/// more than the share asked for, project and go back, take the Euclidean length of the difference.
package struct PrincipalComponents: Sendable, Hashable, Codable {
    /// Most columns that are fitted.
    package static let maximumColumns = 256

    package let means: [Double]
    /// Deviations; 1 for columns that do not vary.
    package let scales: [Double]
    /// Unit rows, the largest explained variance first, the entry of largest size positive.
    package let components: [[Double]]
    /// Share of the variance that each component explains.
    package let explained: [Double]

    private enum CodingKeys: String, CodingKey { case means, scales, components, explained }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        means = try container.decode([Double].self, forKey: .means)
        scales = try container.decode([Double].self, forKey: .scales)
        components = try container.decode([[Double]].self, forKey: .components)
        explained = try container.decode([Double].self, forKey: .explained)
        let width = means.count
        guard width <= PrincipalComponents.maximumColumns, scales.count == width, scales.allSatisfy({ $0 > 0 }),
            components.count <= width, components.allSatisfy({ $0.count == width }),
            explained.count == components.count
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .components, in: container, debugDescription: "sizes of the components do not fit; fit anew")
        }
    }

    private init(means: [Double], scales: [Double], components: [[Double]], explained: [Double]) {
        self.means = means
        self.scales = scales
        self.components = components
        self.explained = explained
    }

    /// Fits; values that are not finite are taken for the column's mean.
    ///
    /// - Parameters:
    ///   - rows: At least 2, of equal length, at least 2 and at most ``maximumColumns`` columns.
    ///   - variance: Share to be exceeded, 0 to 1.
    /// - Returns: `nil` where rows are too few, too wide or do not vary at all.
    package static func fit(_ rows: [[Double]], variance: Double = 0.65) -> PrincipalComponents? {
        guard rows.count >= 2, let width = rows.first?.count, (2...maximumColumns).contains(width) else { return nil }
        guard let moments = ColumnMoments(rows) else { return nil }
        let scales = (0..<width).map { index in
            let deviation = moments.covariance[index * width + index].squareRoot()
            return deviation > 0 ? deviation : 1
        }
        var correlation = moments.covariance
        for i in 0..<width {
            for j in 0..<width { correlation[i * width + j] /= scales[i] * scales[j] }
        }
        let eigen = SymmetricEigen(correlation, size: width)
        let values = eigen.values.map { max($0, 0) }
        let total = values.reduce(0, +)
        guard total > 0, total.isFinite else { return nil }
        let explained = values.map { $0 / total }
        var (kept, sum) = (0, 0.0)
        while kept < width, kept == 0 || sum <= variance {
            sum += explained[kept]
            kept += 1
        }
        return PrincipalComponents(
            means: moments.means, scales: scales, components: Array(eigen.vectors[0..<kept]),
            explained: Array(explained[0..<kept]))
    }

    /// The row's length outside the components, in standard deviations; `nil` for another number of columns.
    package func reconstructionError(_ row: [Double]) -> Double? {
        guard row.count == means.count else { return nil }
        var rest = row.indices.map { row[$0].isFinite ? (row[$0] - means[$0]) / scales[$0] : 0 }
        // Components are orthonormal, so that they can be taken away one after the other.
        for component in components {
            var along = 0.0
            for index in rest.indices { along += rest[index] * component[index] }
            for index in rest.indices { rest[index] -= along * component[index] }
        }
        return rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}
