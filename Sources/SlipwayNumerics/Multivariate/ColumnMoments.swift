// SPDX-License-Identifier: Apache-2.0

/// Means and covariances of rows; NaN and infinities stand for missing and are taken for the mean.
struct ColumnMoments {
    let count: Int
    let means: [Double]
    /// Row-major, divided by `count` (`ddof = 0`).
    let covariance: [Double]

    /// `nil` for no rows, no columns, rows of unequal length or a column without a value.
    init?(_ rows: [[Double]]) {
        guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width }) else { return nil }
        var streams = [Welford](repeating: Welford(), count: width)
        for row in rows {
            for (index, x) in row.enumerated() { streams[index].add(x) }
        }
        guard streams.allSatisfy({ $0.count > 0 }) else { return nil }
        let means = streams.map(\.mean)
        var sums = [Double](repeating: 0, count: width * width)
        var centred = [Double](repeating: 0, count: width)
        for row in rows {
            for index in 0..<width { centred[index] = row[index].isFinite ? row[index] - means[index] : 0 }
            sums.withUnsafeMutableBufferPointer { sums in
                for i in 0..<width where centred[i] != 0 {
                    for j in i..<width { sums[i * width + j] += centred[i] * centred[j] }
                }
            }
        }
        for i in 0..<width {
            for j in i..<width {
                sums[i * width + j] /= Double(rows.count)
                sums[j * width + i] = sums[i * width + j]
            }
        }
        guard sums.allSatisfy(\.isFinite) else { return nil }
        count = rows.count
        self.means = means
        covariance = sums
    }
}
