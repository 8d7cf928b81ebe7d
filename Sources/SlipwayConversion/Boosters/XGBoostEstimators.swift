// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// XGBoost's estimators inside pickles: each holds the bytes of its booster.
enum XGBoostEstimators: SklearnEstimator {
    static let framework = "xgboost"
    static let names = [
        "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor", "XGBModel", "Booster",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float32, width: try model(estimator).featureCount)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let output = try BoosterEstimator.add(try model(estimator), estimator, input: input, to: &graph)
        guard case .classifier(var classifier) = output, classifier.probabilities != nil else { return output }
        // XGBClassifier has no decision_function: estimators around it take its probabilities.
        classifier.decision = nil
        return .classifier(classifier)
    }

    private static func model(_ estimator: SklearnContext) throws(ConversionError) -> BoosterModel {
        let isBooster = estimator.type.name == "Booster"
        let booster = isBooster ? estimator.value : try estimator.require("_Booster")
        guard let handle = booster[attribute: "handle"], case .bytes(let bytes) = handle.kind else {
            throw estimator.unsupported("it holds no booster: fit it before it is saved")
        }
        let file: XGBoostModel
        do throws(FormatError) {
            file = try XGBoostReader.read(MemorySource(bytes))
        } catch {
            throw ConversionError(.malformed, error.message, at: estimator.location, cause: error)
        }
        var model: BoosterModel
        do throws(ConversionError) {
            model = try XGBoostConversion.model(file, usesBestIteration: !isBooster)
        } catch {
            throw error.located(estimator.location)
        }
        guard !isBooster else { return model }
        model.missing = estimator.value[attribute: "missing"]?.double
        if estimator.type.name.hasSuffix("Classifier") {
            // Until version 1.6 an encoder of labels stood before the booster.
            if let encoder = estimator.value[attribute: "_le"], let classes = encoder[attribute: "classes_"] {
                model.classes = try estimator.classes(classes, "_le.classes_")
            } else if let classes = estimator.value[attribute: "classes_"], classes.array != nil {
                model.classes = try estimator.classes(classes, "classes_")
            }
        } else {
            model.link = model.link.ofRegressor
        }
        return model
    }
}
