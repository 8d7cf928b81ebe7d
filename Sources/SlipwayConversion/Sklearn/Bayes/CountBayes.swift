// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// MultinomialNB, ComplementNB and BernoulliNB: log-likelihoods that are linear in the features.
enum CountBayes: SklearnEstimator {
    static let names = ["MultinomialNB", "ComplementNB", "BernoulliNB"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let classes = try estimator.classes()
        let width = try estimator.featureCount()
        var rows = try input.numbers(width: width, for: estimator, in: &graph)
        var weights = try estimator.array("feature_log_prob_", shape: [classes.count, width])
        var offsets = try estimator.array("class_log_prior_", shape: [classes.count]).values
        switch estimator.type.name {
        case "ComplementNB":
            // Its prior counts only where there is nothing to choose between.
            if classes.count > 1 { offsets = offsets.map { _ in 0 } }
        case "BernoulliNB":
            if estimator.optional("binarize") != nil {
                let threshold = graph.double(try estimator.double("binarize"))
                rows = graph.cast(graph.node("Greater", [rows, threshold]), to: .float64)
            }
            let absent = weights.map { log(1 - exp($0)) }
            for index in 0..<classes.count { offsets[index] += absent.row(index).reduce(0, +) }
            weights = SklearnArray(zip(weights.values, absent.values).map(-), weights.shape)
        default: break
        }
        let joint = graph.affine(rows, weights: weights, bias: offsets)
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(joint), probabilities: graph.softmax(joint), decision: nil))
    }
}
