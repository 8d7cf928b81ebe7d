// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// GaussianNB: a normal distribution for each class and feature.
enum GaussianBayes: SklearnEstimator {
    static let names = ["GaussianNB"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let classes = try estimator.classes()
        let means = try estimator.array("theta_", shape: [classes.count, width])
        let variances = try estimator.array(estimator.either("var_", "sigma_"), shape: [classes.count, width])
        let priors = try estimator.array("class_prior_", shape: [classes.count]).values
        let offsets = (0..<classes.count).map { index in
            log(priors[index]) - 0.5 * variances.row(index).reduce(0) { $0 + log(2 * .pi * $1) }
        }
        // Differences first: squares that are multiplied out would cancel where variances are small.
        let difference = graph.subtract(
            graph.unsqueeze(rows, axis: 1), graph.doubles(means.values, [1, classes.count, width]))
        let scaled = graph.divide(
            graph.square(difference), graph.doubles(variances.values, [1, classes.count, width]))
        let distance = graph.reduce("ReduceSum", scaled, axis: 2)
        let joint = graph.add(graph.multiply(distance, graph.double(-0.5)), graph.doubles(offsets))
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(joint), probabilities: graph.softmax(joint), decision: nil))
    }
}
