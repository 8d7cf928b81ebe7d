// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// QuadraticDiscriminantAnalysis: a normal distribution with axes of its own for each class.
enum QuadraticDiscriminants: SklearnEstimator {
    static let names = ["QuadraticDiscriminantAnalysis"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let classes = try estimator.classes()
        let means = try estimator.array("means_", shape: [classes.count, width])
        let priors = try estimator.array("priors_", shape: [classes.count]).values
        let rotations = try estimator.list("rotations_")
        let scalings = try estimator.list("scalings_")
        guard rotations.count == classes.count, scalings.count == classes.count else {
            throw estimator.malformed("it has \(rotations.count) rotations for \(classes.count) classes")
        }
        var columns: [String] = []
        for index in 0..<classes.count {
            let rotation = try estimator.array(rotations[index], "rotations_[\(index)]", shape: [width, nil])
            let scaling = try estimator.array(scalings[index], "scalings_[\(index)]", shape: [rotation.columns]).values
            var axes = rotation.values
            for position in axes.indices { axes[position] /= scaling[position % rotation.columns].squareRoot() }
            let moved = graph.subtract(rows, graph.doubles(means.row(index)))
            let turned = graph.matrixProduct(moved, graph.doubles(axes, rotation.shape))
            let offset = log(priors[index]) - 0.5 * scaling.reduce(0) { $0 + log($1) }
            let half = graph.multiply(graph.rowSums(graph.square(turned)), graph.double(-0.5))
            columns.append(graph.add(half, graph.double(offset)))
        }
        let scores = graph.concatenate(columns)
        let decision =
            classes.count == 2
            ? graph.subtract(graph.columns(scores, [1]), graph.columns(scores, [0])) : scores
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(scores), probabilities: graph.softmax(scores),
                decision: decision))
    }
}
