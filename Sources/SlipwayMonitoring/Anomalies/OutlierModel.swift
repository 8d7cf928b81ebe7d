// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayNumerics

/// How far single rows lie from the reference: the Mahalanobis distance of the numeric features.
package struct OutlierModel: Sendable, Hashable, Codable {
    /// Features that are scored together, at most; a profile with more has no such model.
    package static let maximumColumns = 128
    /// Rows of the sample that it is fitted to.
    private static let fittedRows = 10_000
    /// The share of the reference that lies beyond the threshold.
    package static let expectedRate = 0.001

    /// Names of features, in the order of a row's numbers.
    package let columns: [String]
    package let distance: Mahalanobis
    /// The distance that all but ``expectedRate`` of the reference stay below.
    package let threshold: Double
    /// The share of the reference above the threshold, as measured.
    package let referenceRate: Double

    package func isOutlier(_ row: [Double]) -> Bool {
        guard let found = distance.distance(row) else { return false }
        return found > threshold
    }

    /// Fits components and distances to the sample of a builder, where it has 2 to ``maximumColumns`` numeric features.
    static func fit(_ builder: ProfileBuilder, into profile: inout ReferenceProfile) {
        var places: [Int] = []
        var names: [String] = []
        for source in builder.sources where !source.isOutput && source.form == .numbers {
            for (offset, name) in source.names(given: builder.options.names[source.tensor]).enumerated() {
                places.append(source.first + offset)
                names.append(name)
            }
        }
        guard (2...maximumColumns).contains(places.count), Set(names).count == names.count else { return }
        let rows = (0..<min(builder.sample.count, fittedRows)).map { index in
            let row = builder.sample.row(index)
            return places.map { row[row.startIndex + $0] }
        }
        // Fewer rows than columns always lie in the components' plane.
        guard rows.count > 2 * places.count, let components = PrincipalComponents.fit(rows) else { return }
        var errors = Welford()
        for row in rows { if let error = components.reconstructionError(row) { errors.add(error) } }
        profile.components = components
        profile.reconstruction = errors
        guard let distance = Mahalanobis.fit(rows) else { return }
        let distances = rows.compactMap { distance.distance($0) }.sorted()
        guard !distances.isEmpty else { return }
        let rank = min(distances.count - 1, Int(Double(distances.count) * (1 - expectedRate)))
        let threshold = distances[rank]
        let above = distances.count(where: { $0 > threshold })
        profile.outliers = OutlierModel(
            columns: names, distance: distance, threshold: threshold,
            referenceRate: Double(above) / Double(distances.count))
    }
}
