// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Distances between two discrete distributions, given as shares of the same bins: `p` reference, `q` current.
///
/// Both sides have the same length; of unequal ones the longer is cut. Shares are taken as they are, so that a side
/// need not add up to 1.
package enum Divergence {
    /// Population stability index, `sum (p - q) ln(p / q)`, symmetric.
    ///
    /// - Parameter floor: Shares below are raised to it, so that empty bins do not make it infinite. Above 0.
    package static func psi(_ p: [Double], _ q: [Double], floor: Double = 1e-4) -> Double {
        sum(p, q) { p, q in
            let (p, q) = (max(p, floor), max(q, floor))
            return (p - q) * log(p / q)
        }
    }

    /// Jensen-Shannon distance, the square root of the divergence: 0 to `sqrt(log_base 2)`, so 0 to 1 for base 2.
    package static func jensenShannon(_ p: [Double], _ q: [Double], base: Double = 2) -> Double {
        let divergence = sum(p, q) { p, q in
            let middle = (p + q) / 2
            let left = p > 0 ? p * log(p / middle) : 0
            let right = q > 0 ? q * log(q / middle) : 0
            return (left + right) / 2
        }
        return max(divergence, 0).squareRoot() / log(base).squareRoot()
    }

    /// Hellinger distance, `sqrt(sum (sqrt p - sqrt q)^2 / 2)`: 0 to 1.
    package static func hellinger(_ p: [Double], _ q: [Double]) -> Double {
        let squares = sum(p, q) { p, q in
            let difference = p.squareRoot() - q.squareRoot()
            return difference * difference
        }
        return (squares / 2).squareRoot()
    }

    /// Total variation, half the sum of absolute differences: 0 to 1.
    package static func totalVariation(_ p: [Double], _ q: [Double]) -> Double {
        sum(p, q) { abs($0 - $1) } / 2
    }

    /// The largest absolute difference of a share: 0 to 1.
    package static func lInfinity(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    private static func sum(_ p: [Double], _ q: [Double], _ term: (Double, Double) -> Double) -> Double {
        zip(p, q).reduce(0) { $0 + term($1.0, $1.1) }
    }

    /// Counts as shares; all 0 where there is nothing.
    package static func shares(_ counts: [Double]) -> [Double] {
        let total = counts.reduce(0, +)
        return total > 0 ? counts.map { $0 / total } : counts.map { _ in 0 }
    }
}
