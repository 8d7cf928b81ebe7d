// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// LinearSVC: one plane for each class, or one for two classes.
enum LinearSupportVectorClassifiers: SklearnEstimator {
    static let names = ["LinearSVC"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let decision = try LinearSupportVectorRegressors.planes(estimator, input, &graph)
        let classes = try estimator.classes()
        let wanted = classes.count == 2 ? 1 : classes.count
        guard decision.count == wanted else {
            throw estimator.malformed("'coef_' has \(decision.count) rows and there are \(classes.count) classes")
        }
        let index = wanted == 1 ? graph.isPositive(decision.value) : graph.argmax(decision.value)
        return .classifier(
            SklearnClassifier(classes: classes, index: index, probabilities: nil, decision: decision.value))
    }
}

/// LinearSVR: one plane.
enum LinearSupportVectorRegressors: SklearnEstimator {
    static let names = ["LinearSVR"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        .regressor(try planes(estimator, input, &graph).value, targets: 1)
    }

    /// `x · coefᵀ + intercept`: float64 `[N, count]`.
    static func planes(
        _ estimator: SklearnContext, _ input: SklearnInput, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> (value: String, count: Int) {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let flat = try estimator.numbers("coef_")
        guard flat.values.count % width == 0, !flat.values.isEmpty else {
            throw estimator.malformed("'coef_' has shape \(flat.shape), and there are \(width) features")
        }
        let weights = SklearnArray(flat.values, [flat.values.count / width, width])
        var intercepts = try estimator.numbers("intercept_").values
        if intercepts.count == 1 { intercepts = [Double](repeating: intercepts[0], count: weights.rows) }
        guard intercepts.count == weights.rows else {
            throw estimator.malformed("'intercept_' has \(intercepts.count) numbers and 'coef_' \(weights.rows) rows")
        }
        return (graph.affine(rows, weights: weights, bias: intercepts), weights.rows)
    }
}
