// SPDX-License-Identifier: Apache-2.0

/// Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's cyclic rotations.
///
/// Accurate to the last digits and short; `O(n^3)` for each of about eight sweeps, a second for 256 columns.
package struct SymmetricEigen: Sendable {
    /// Descending.
    package let values: [Double]
    /// Row `i` is the unit vector of `values[i]`, the entry of largest size positive.
    package let vectors: [[Double]]

    /// - Parameter matrix: Row-major `[size, size]`, finite; the upper triangle counts.
    package init(_ matrix: [Double], size: Int) {
        precondition(matrix.count == size * size, "a matrix has size squared entries")
        var a = matrix
        var v = [Double](repeating: 0, count: size * size)
        for index in 0..<size { v[index * size + index] = 1 }
        for row in 0..<size {
            for column in 0..<row { a[row * size + column] = a[column * size + row] }
        }
        a.withUnsafeMutableBufferPointer { a in
            v.withUnsafeMutableBufferPointer { v in SymmetricEigen.diagonalize(a, v, size) }
        }
        let order = (0..<size).sorted { a[$0 * size + $0] > a[$1 * size + $1] }
        values = order.map { a[$0 * size + $0] }
        vectors = order.map { row in
            let vector = Array(v[row * size..<(row + 1) * size])
            let largest = vector.max { abs($0) < abs($1) } ?? 0
            return largest < 0 ? vector.map { -$0 } : vector
        }
    }

    private static func diagonalize(
        _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ size: Int
    ) {
        let norm = a.reduce(0) { $0 + $1 * $1 }
        for _ in 0..<60 {
            var rest = 0.0
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) { rest += a[p * size + q] * a[p * size + q] }
            }
            // Rotations converge quadratically: what is left now is below rounding.
            if rest <= norm * 1e-32 { return }
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) { rotate(a, v, size, (p, q)) }
            }
        }
    }

    /// Makes `a[p, q]` zero; rows of `v` become the vectors.
    private static func rotate(
        _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ size: Int,
        _ plane: (p: Int, q: Int)
    ) {
        let (p, q) = plane
        let entry = a[p * size + q]
        guard entry != 0 else { return }
        let theta = (a[q * size + q] - a[p * size + p]) / (2 * entry)
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        a[p * size + p] -= t * entry
        a[q * size + q] += t * entry
        a[p * size + q] = 0
        a[q * size + p] = 0
        for k in 0..<size where k != p && k != q {
            let (x, y) = (a[p * size + k], a[q * size + k])
            let (newX, newY) = (c * x - s * y, s * x + c * y)
            a[p * size + k] = newX
            a[k * size + p] = newX
            a[q * size + k] = newY
            a[k * size + q] = newY
        }
        for k in 0..<size {
            let (x, y) = (v[p * size + k], v[q * size + k])
            v[p * size + k] = c * x - s * y
            v[q * size + k] = s * x + c * y
        }
    }
}
