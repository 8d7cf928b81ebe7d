// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What the estimators of all boosters share.
enum BoosterEstimator {
    static func add(
        _ model: BoosterModel, _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard input.width == model.featureCount else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(model.featureCount)")
        }
        if let last = graph.report.steps.indices.last { graph.report.steps[last].detail = model.detail }
        graph.report.notes += model.notes.map { "\(estimator.path): \($0)" }
        let matrix = try input.matrix(model.comparison, for: estimator, in: &graph)
        do throws(ConversionError) {
            return try BoosterGraph.add(model, of: matrix, to: &graph)
        } catch {
            throw error.located(estimator.location)
        }
    }
}

extension BoosterLink {
    /// What a regressor makes of an objective for two classes: the probability of the second.
    var ofRegressor: BoosterLink {
        if case .binary(let scale) = self { .sigmoid(scale: scale) } else { self }
    }
}

/// CatBoost's estimators inside pickles hold a binary file of their own.
enum CatBoostEstimators: SklearnEstimator {
    static let framework = "catboost"
    static let names = ["CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker", "CatBoost"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        throw refusal(estimator)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        throw refusal(estimator)
    }

    private static func refusal(_ estimator: SklearnContext) -> ConversionError {
        estimator.unsupported(
            "CatBoost's pickles are not converted; save the model itself: model.save_model(\"model.json\", "
                + "format=\"json\")")
    }
}
