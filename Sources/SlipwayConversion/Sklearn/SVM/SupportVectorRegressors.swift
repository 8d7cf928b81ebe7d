// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// SVR and NuSVR: a weighted sum of kernels.
enum SupportVectorRegressors: SklearnEstimator {
    static let names = ["SVR", "NuSVR"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        .regressor(try kernelSum(estimator, input, &graph), targets: 1)
    }

    /// `Σ coefficient · kernel + intercept`: float64 `[N, 1]`.
    static func kernelSum(
        _ estimator: SklearnContext, _ input: SklearnInput, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let machine = try KernelMachine(estimator, width: width)
        let weights = try estimator.matrix(
            estimator.either("_dual_coef_", "dual_coef_"), rows: 1, columns: machine.vectors.rows)
        let intercept = try estimator.double(estimator.either("_intercept_", "intercept_"))
        let kernels = machine.values(of: rows, in: &graph)
        let sums = graph.matrixProduct(kernels, graph.doubles(weights.values, [weights.columns, 1]))
        return graph.add(sums, graph.double(intercept))
    }
}

/// OneClassSVM: an outlier is where the sum of kernels does not exceed zero.
enum OneClassSupportVectors: SklearnEstimator {
    static let names = ["OneClassSVM"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let decision = graph.squeeze(try SupportVectorRegressors.kernelSum(estimator, input, &graph))
        let isInside = graph.node("Greater", [decision, graph.double(0)])
        let inside = graph.constant(ONNXTensor([Int64(1)], []))
        let outside = graph.constant(ONNXTensor([Int64(-1)], []))
        return .outlier(label: graph.choose(isInside, inside, outside), scores: decision)
    }
}
