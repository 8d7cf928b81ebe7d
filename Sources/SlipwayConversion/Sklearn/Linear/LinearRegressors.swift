// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Regressors that predict `x · coefᵀ + intercept`, however they were fitted.
enum LinearRegressors: SklearnEstimator {
    static let names = [
        "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "MultiTaskLasso",
        "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "Lars", "LarsCV", "LassoLars",
        "LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "BayesianRidge",
        "ARDRegression", "HuberRegressor", "TheilSenRegressor", "QuantileRegressor", "SGDRegressor",
        "PassiveAggressiveRegressor",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try LinearModel(estimator).width)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let model = try LinearModel(estimator)
        graph.describeStep("\(model.width) features, \(model.targets) targets")
        return .regressor(try model.add(estimator, input: input, to: &graph), targets: model.targets)
    }
}

/// Regressors of which a link function stands between the linear sum and the prediction.
enum GeneralizedLinearRegressors: SklearnEstimator {
    static let names = ["PoissonRegressor", "GammaRegressor", "TweedieRegressor"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let model = try LinearModel(estimator)
        let sum = try model.add(estimator, input: input, to: &graph)
        let usesLogarithm =
            switch estimator.type.name {
            case "TweedieRegressor":
                switch estimator.string("link", default: "auto") {
                case "auto": try estimator.double("power", default: 0) > 0
                case let link: link == "log"
                }
            default: true
            }
        graph.describeStep("\(model.width) features, \(usesLogarithm ? "log" : "identity") link")
        return .regressor(usesLogarithm ? graph.node("Exp", [sum]) : sum, targets: model.targets)
    }
}

extension GraphBuilder {
    /// Says what the newest step of the report is made of.
    package mutating func describeStep(_ detail: String) {
        guard let last = report.steps.indices.last else { return }
        report.steps[last].detail = detail
    }
}
