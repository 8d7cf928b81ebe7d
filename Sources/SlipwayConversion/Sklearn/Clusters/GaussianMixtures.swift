// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// GaussianMixture: the component that a row most likely comes from; scores are the components' probabilities.
enum GaussianMixtures: SklearnEstimator {
    static let names = ["GaussianMixture"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let means = try estimator.array("means_", shape: [nil, nil])
        let (count, width) = (means.rows, means.columns)
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let weights = try estimator.array("weights_", shape: [count]).values
        let factors = try factors(estimator, count, width)
        var columns: [String] = []
        for index in 0..<count {
            let factor = factors[index]
            let moved = graph.subtract(rows, graph.doubles(means.row(index)))
            let scaled =
                factor.shape.count == 2
                ? graph.matrixProduct(moved, graph.matrix(factor)) : graph.multiply(moved, graph.doubles(factor.values))
            let diagonal =
                factor.shape.count == 2 ? (0..<width).map { factor[$0, $0] } : factor.values
            let offset =
                log(weights[index]) + diagonal.reduce(0) { $0 + log($1) } - 0.5 * Double(width) * log(2 * .pi)
            let half = graph.multiply(graph.rowSums(graph.square(scaled)), graph.double(-0.5))
            columns.append(graph.add(half, graph.double(offset)))
        }
        graph.describeStep("\(count) components of \(width) features")
        let scores = graph.concatenate(columns)
        return .clusterer(label: graph.argmax(scores), scores: graph.softmax(scores), columns: count)
    }

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try estimator.array("means_", shape: [nil, nil]).columns)
    }

    /// What each component multiplies differences with: a matrix, or a number for each feature.
    private static func factors(
        _ estimator: SklearnContext, _ count: Int, _ width: Int
    ) throws(ConversionError) -> [SklearnArray] {
        let name = "precisions_cholesky_"
        switch estimator.string("covariance_type", default: "full") {
        case "full":
            let all = try estimator.array(name, shape: [count, width, width])
            return (0..<count).map { SklearnArray(all.row($0), [width, width]) }
        case "tied":
            return [SklearnArray](repeating: try estimator.array(name, shape: [width, width]), count: count)
        case "diag":
            let all = try estimator.array(name, shape: [count, width])
            return (0..<count).map { SklearnArray(all.row($0), [width]) }
        case "spherical":
            return try estimator.array(name, shape: [count]).values.map {
                SklearnArray([Double](repeating: $0, count: width), [width])
            }
        case let other:
            throw estimator.unsupported("covariance_type '\(other)' is not known")
        }
    }
}
