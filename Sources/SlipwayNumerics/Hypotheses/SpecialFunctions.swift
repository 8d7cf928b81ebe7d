// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The functions behind p-values, in double precision.
package enum SpecialFunctions {
    /// `ln |Gamma(x)|`.
    package static func logGamma(_ x: Double) -> Double {
        var sign: Int32 = 0
        return lgamma_r(x, &sign)
    }

    /// The regularised upper incomplete gamma function `Q(a, x)`, the tail of a chi-square with `2a` degrees at `2x`.
    ///
    /// The series below `a + 1`, Lentz's continued fraction above; relative error about 1e-13, NaN outside its domain
    /// (`a > 0`, `x >= 0`).
    package static func regularizedGammaQ(_ a: Double, _ x: Double) -> Double {
        guard a > 0, x >= 0, a.isFinite else { return .nan }
        guard x > 0 else { return 1 }
        guard x < .infinity else { return 0 }
        let scale = exp(a * log(x) - x - logGamma(a))
        return x < a + 1 ? 1 - scale * gammaSeries(a, x) : scale * gammaFraction(a, x)
    }

    /// The standard normal distribution function.
    package static func normalCDF(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }

    /// The upper tail of the standard normal distribution, exact far out where `1 - normalCDF` is 0.
    package static func normalTail(_ x: Double) -> Double { erfc(x * 0.5.squareRoot()) / 2 }

    /// The inverse of ``normalCDF(_:)``; infinite at 0 and 1, NaN outside.
    ///
    /// Bisection in the tail's own scale, so that it is right to the last digits everywhere.
    package static func normalQuantile(_ p: Double) -> Double {
        guard p >= 0, p <= 1 else { return .nan }
        if p == 0 { return -.infinity }
        if p == 1 { return .infinity }
        if p == 0.5 { return 0 }
        if p > 0.5 { return -lowerQuantile(1 - p) }
        return lowerQuantile(p)
    }

    /// Kolmogorov's limit distribution, the probability that `sqrt(n) D` exceeds `x`.
    ///
    /// Two series that converge fast on either side of 1.
    package static func kolmogorovQ(_ x: Double) -> Double {
        guard x > 0 else { return x == x ? 1 : .nan }
        if x < 1 {
            // Theta's transformation; below 0.04 the sum underflows, and Q is 1.
            guard x > 0.04 else { return 1 }
            let power = -Double.pi * Double.pi / (8 * x * x)
            let sum = stride(from: 1.0, through: 9, by: 2).reduce(0) { $0 + exp($1 * $1 * power) }
            return 1 - (2 * Double.pi).squareRoot() / x * sum
        }
        var (sum, sign) = (0.0, 1.0)
        for k in 1...6 {
            sum += sign * exp(-2 * Double(k * k) * x * x)
            sign = -sign
        }
        return min(max(2 * sum, 0), 1)
    }

    /// The regularised incomplete beta function `I(x; a, b)`, by Lentz's continued fraction; NaN outside its domain.
    package static func betaIncomplete(_ a: Double, _ b: Double, _ x: Double) -> Double {
        guard a > 0, b > 0, x >= 0, x <= 1 else { return .nan }
        if x == 0 || x == 1 { return x }
        let scale = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
        // The fraction converges fast below the mean; above it the other tail is taken.
        if x < (a + 1) / (a + b + 2) { return scale * betaFraction(a, b, x) / a }
        return 1 - scale * betaFraction(b, a, 1 - x) / b
    }

    /// Student's two-sided probability of a statistic beyond `t` with `degrees` degrees of freedom.
    package static func studentTail(_ t: Double, degrees: Double) -> Double {
        guard t.isFinite else { return t.isNaN ? .nan : 0 }
        return betaIncomplete(degrees / 2, 0.5, degrees / (degrees + t * t))
    }

    private static let tiny = 1e-300
    /// More than any argument needs that converges; the square root of `a` bounds the terms.
    private static let maximumTerms = 100_000

    private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var sum = term
        for n in 1...maximumTerms {
            term *= x / (a + Double(n))
            sum += term
            if term < sum * 1e-17 { break }
        }
        return sum
    }

    private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var h = d
        for n in 1...maximumTerms {
            let an = -Double(n) * (Double(n) - a)
            b += 2
            d = an * d + b
            if abs(d) < tiny { d = tiny }
            c = b + an / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let step = d * c
            h *= step
            if abs(step - 1) < 1e-16 { break }
        }
        return h
    }

    private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var h = d
        for index in 1...maximumTerms {
            let m = Double(index)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            var step = 1.0
            for term in [even, odd] {
                d = 1 + term * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                step = d * c
                h *= step
            }
            if abs(step - 1) < 1e-16 { break }
        }
        return h
    }

    private static func lowerQuantile(_ p: Double) -> Double {
        var (low, high) = (-40.0, 0.0)
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return high }
            if normalCDF(middle) < p { low = middle } else { high = middle }
        }
    }
}
