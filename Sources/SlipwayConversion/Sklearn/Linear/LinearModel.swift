// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `coef_` and `intercept_`, which every linear model has: `x · coefᵀ + intercept`.
package struct LinearModel: Sendable {
    /// `[targets, features]`.
    package let coefficients: SklearnArray
    /// One for each target.
    package let intercepts: [Double]

    package var targets: Int { coefficients.rows }
    package var width: Int { coefficients.columns }

    /// Reads the attributes, of one target as a vector or of several as a matrix.
    package init(_ estimator: SklearnContext) throws(ConversionError) {
        let read = try estimator.numbers("coef_")
        switch read.shape.count {
        case 1: coefficients = SklearnArray(read.values, [1, read.values.count])
        case 2: coefficients = read
        default: throw estimator.malformed("'coef_' has shape \(read.shape) where [targets, features] is wanted")
        }
        guard coefficients.rows > 0, coefficients.columns > 0 else {
            throw estimator.malformed("'coef_' has shape \(read.shape)")
        }
        let intercepts = estimator.optional("intercept_") == nil ? [0] : try estimator.numbers("intercept_").values
        guard intercepts.count == 1 || intercepts.count == coefficients.rows else {
            throw estimator.malformed(
                "'intercept_' has \(intercepts.count) values for \(coefficients.rows) rows of 'coef_'")
        }
        self.intercepts =
            intercepts.count == 1 ? Array(repeating: intercepts[0], count: coefficients.rows) : intercepts
    }

    /// float64 `[N, targets]`.
    package func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let value = try input.numbers(width: width, for: estimator, in: &graph)
        return graph.affine(value, weights: coefficients, bias: intercepts)
    }
}
