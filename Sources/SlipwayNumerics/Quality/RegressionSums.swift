// SPDX-License-Identifier: Apache-2.0

/// Errors of a stream of predicted numbers, in constant memory; merges.
package struct RegressionSums: Sendable, Hashable, Codable {
    /// Of the true values.
    package private(set) var truths: Welford
    private var absolute: Double
    private var squared: Double
    private var relative: Double
    private var signed: Double

    package init() {
        truths = Welford()
        (absolute, squared, relative, signed) = (0, 0, 0, 0)
    }

    /// Sums that were kept elsewhere: of truths, and of errors as ``errors`` gives them; `nil` unless there are four.
    package init?(truths: Welford, errors: [Double]) {
        guard errors.count == 4, !errors.contains(where: \.isNaN) else { return nil }
        self.truths = truths
        (absolute, squared, relative, signed) = (errors[0], errors[1], errors[2], errors[3])
    }

    /// Sums of absolute, squared, relative and signed errors.
    package var errors: [Double] { [absolute, squared, relative, signed] }

    /// Counts one row; rows that are not finite are left out and told by `false`.
    @discardableResult
    package mutating func add(truth: Double, predicted: Double) -> Bool {
        let error = predicted - truth
        guard truth.isFinite, predicted.isFinite, error.isFinite else { return false }
        truths.add(truth)
        absolute += abs(error)
        squared += error * error
        relative += abs(error) / max(abs(truth), .ulpOfOne)
        signed += error
        return true
    }

    package mutating func merge(_ other: RegressionSums) {
        truths.merge(other.truths)
        absolute += other.absolute
        squared += other.squared
        relative += other.relative
        signed += other.signed
    }

    package var count: Int { truths.count }
    /// Mean absolute error, in the target's unit; `nil` when empty, as are the others.
    package var mae: Double? { mean(absolute) }
    /// Root mean squared error, in the target's unit.
    package var rmse: Double? { mean(squared)?.squareRoot() }
    /// Mean of `|error| / max(|truth|, 2.2e-16)`: a share, not percent.
    package var mape: Double? { mean(relative) }
    /// Mean of predicted minus true.
    package var bias: Double? { mean(signed) }
    /// `1 - SSres / SStot`; below two rows `nil`, and where the truth does not vary 1 for no error, else 0.
    package var r2: Double? {
        guard count > 1 else { return nil }
        guard truths.squares > 0 else { return squared == 0 ? 1 : 0 }
        return 1 - squared / truths.squares
    }

    private func mean(_ sum: Double) -> Double? { count > 0 ? sum / Double(count) : nil }
}
