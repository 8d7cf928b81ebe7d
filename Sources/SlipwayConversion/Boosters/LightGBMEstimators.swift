// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// LightGBM's estimators inside pickles: each holds the text of its booster.
enum LightGBMEstimators: SklearnEstimator {
    static let framework = "lightgbm"
    static let names = ["LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel", "Booster"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try model(estimator).featureCount)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let output = try BoosterEstimator.add(try model(estimator), estimator, input: input, to: &graph)
        guard case .classifier(var classifier) = output else { return output }
        classifier.doubt =
            "LGBMClassifier has a decision_function since version 4.7 only, and the file does not tell by which "
            + "version the estimator around it was fitted; use HistGradientBoostingClassifier there, or convert the "
            + "LGBMClassifier by itself"
        return .classifier(classifier)
    }

    private static func model(_ estimator: SklearnContext) throws(ConversionError) -> BoosterModel {
        let isBooster = estimator.type.name == "Booster"
        let booster = isBooster ? estimator.value : try estimator.require("_Booster")
        // The name has an underscore since version 4.
        guard let text = (booster[attribute: "_handle"] ?? booster[attribute: "handle"])?.string else {
            throw estimator.unsupported("it holds no booster: fit it before it is saved")
        }
        let file: LightGBMModel
        do throws(FormatError) {
            file = try LightGBMReader.read(MemorySource(Array(text.utf8)))
        } catch {
            throw ConversionError(.malformed, error.message, at: estimator.location, cause: error)
        }
        let best = booster[attribute: "best_iteration"]?.integer ?? 0
        var model: BoosterModel
        do throws(ConversionError) {
            model = try LightGBMConversion.model(file, rounds: best > 0 ? best : nil)
        } catch {
            throw error.located(estimator.location)
        }
        guard estimator.type.name == "LGBMClassifier" else {
            if !isBooster { model.link = model.link.ofRegressor }
            return model
        }
        guard model.link.isClassifier else {
            throw estimator.unsupported(
                "its objective '\(model.objective)' gives no probabilities; train it with 'binary' or 'multiclass'")
        }
        if let classes = estimator.value[attribute: "_classes"] {
            model.classes = try estimator.classes(classes, "_classes")
        }
        return model
    }
}
