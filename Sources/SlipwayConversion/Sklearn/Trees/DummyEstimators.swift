// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Estimators that look at no feature: baselines, and what boosting starts from.
enum DummyEstimators: SklearnEstimator {
    static let names = ["DummyClassifier", "DummyRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        if let width = try? estimator.featureCount() { return .matrix(.float64, width: width) }
        throw estimator.unsupported(
            "it looked at no column when it was fitted, and does not say how many there are; put it behind a step "
                + "that does, or save it with scikit-learn 1.5 or later")
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard let rows = input.parts.first?.name else { throw estimator.malformed("it is given no columns") }
        guard estimator.type.name == "DummyClassifier" else {
            let constants = try estimator.numbers("constant_").values
            guard !constants.isEmpty else { throw estimator.malformed("'constant_' is empty") }
            return .regressor(graph.repeatRow(constants, forRowsOf: rows), targets: constants.count)
        }
        let classes = try estimator.classes()
        let priors = try estimator.array("class_prior_", shape: [classes.count]).values
        var greatest = 0
        for index in priors.indices where priors[index] > priors[greatest] { greatest = index }
        let strategy = estimator.string("strategy", default: "prior")
        let certain = priors.indices.map { $0 == greatest ? 1.0 : 0 }
        switch strategy {
        case "prior":
            return .classifier(
                SklearnClassifier(
                    classes: classes, probabilities: graph.repeatRow(priors, forRowsOf: rows), in: &graph))
        case "most_frequent":
            return .classifier(
                SklearnClassifier(
                    classes: classes, probabilities: graph.repeatRow(certain, forRowsOf: rows), in: &graph))
        default:
            throw estimator.unsupported("its strategy '\(strategy)' is not converted; 'prior' and 'most_frequent' are")
        }
    }
}
