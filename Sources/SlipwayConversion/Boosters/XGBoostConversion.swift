// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// What a file of XGBoost means.
enum XGBoostConversion {
    /// An objective's link, and the inverse that takes `base_score` to the space of sums.
    ///
    /// `multi:softmax` gives classes and `multi:softprob` their probabilities; here both give both.
    private static let objectives: [String: (link: BoosterLink, margin: @Sendable (Double) -> Double)] = {
        let same: @Sendable (Double) -> Double = { $0 }
        let logarithm: @Sendable (Double) -> Double = { log($0) }
        let logit: @Sendable (Double) -> Double = { -log(1 / $0 - 1) }
        var table: [String: (link: BoosterLink, margin: @Sendable (Double) -> Double)] = [
            "binary:logistic": (.binary(scale: 1), logit), "reg:logistic": (.sigmoid(scale: 1), logit),
            "binary:hinge": (.binaryDecision, same), "binary:logitraw": (.identity, same),
            "multi:softmax": (.softmax, same), "multi:softprob": (.softmax, same),
        ]
        for name in ["count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"] {
            table[name] = (.exponential, logarithm)
        }
        for name in [
            "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:absoluteerror", "reg:pseudohubererror",
            "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map",
        ] { table[name] = (.identity, same) }
        return table
    }()

    /// - Parameter usesBestIteration: Whether to stop at the round that early stopping found best, as the
    ///   estimators of the Python package do and its `Booster` does not; `nil` for what the file tells.
    static func model(
        _ file: XGBoostModel, usesBestIteration: Bool? = nil
    ) throws(ConversionError) -> BoosterModel {
        guard let objective = objectives[file.objective] else {
            throw ConversionError(
                .unsupported,
                "XGBoost's objective '\(file.objective.prefix(80))' is not converted; converted are "
                    + objectives.keys.sorted().joined(separator: ", "), at: "learner.objective")
        }
        try BoosterLimits.check(features: file.featureCount, outputs: file.outputCount)
        var base = file.baseScores.map { Double(Float(objective.margin(Double(Float($0))))) }
        if base.count == 1 { base = [Double](repeating: base[0], count: file.outputCount) }
        guard base.count == file.outputCount, base.allSatisfy({ !$0.isNaN }) else {
            throw ConversionError(
                .malformed,
                "base_score does not fit the objective '\(file.objective)' with \(file.outputCount) outputs",
                at: "learner.learner_model_param.base_score")
        }
        var notes: [String] = []
        let body: BoosterModel.Body
        var categorical: Set<Int> = []
        if file.booster == "gblinear" {
            body = .linear(try withBase(file, base), outputs: file.outputCount)
        } else {
            let count = try treeCount(file, usesBestIteration, &notes)
            body = .trees(try XGBoostTrees.ensemble(file, count: count, base: base, categorical: &categorical))
        }
        if !categorical.isEmpty {
            notes.append("\(categorical.count) features are categories: give their codes, as XGBoost numbers them")
        }
        let version = file.version.contains { $0 > 0 } ? " " + file.version.map(String.init).joined(separator: ".") : ""
        return BoosterModel(
            framework: "XGBoost" + version, kind: file.booster, objective: file.objective,
            featureNames: file.featureNames, featureCount: file.featureCount, body: body, link: objective.link,
            categoricalFeatures: categorical, notes: notes)
    }

    /// The weights with the base added to the last row.
    private static func withBase(_ file: XGBoostModel, _ base: [Double]) throws(ConversionError) -> [Float] {
        let outputs = file.outputCount
        guard file.linearWeights.count == (file.featureCount + 1) * outputs else {
            throw ConversionError(
                .malformed,
                "there are \(file.linearWeights.count) weights for \(file.featureCount) features, \(outputs) outputs",
                at: "learner.gradient_booster.model.weights")
        }
        var weights = file.linearWeights
        let last = file.featureCount * outputs
        for (index, value) in base.enumerated() { weights[last + index] += Float(value) }
        return weights
    }

    /// How many trees predictions are made of.
    private static func treeCount(
        _ file: XGBoostModel, _ usesBestIteration: Bool?, _ notes: inout [String]
    ) throws(ConversionError) -> Int {
        guard let best = file.attributes["best_iteration"].flatMap({ Int($0) }),
            (0..<Int(Int32.max)).contains(best)
        else {
            return file.trees.count
        }
        // `save_model` of an estimator leaves this attribute, that of a Booster does not.
        guard usesBestIteration ?? (file.attributes["scikit_learn"] != nil) else {
            notes.append(
                "early stopping found round \(best) best; all rounds are used, as Booster.predict does. "
                    + "To stop there, save booster[:\(best) + 1]")
            return file.trees.count
        }
        let count: Int
        if file.rounds.isEmpty {
            let (product, over) = (best + 1).multipliedReportingOverflow(by: file.parallelTreeCount)
            let (all, overAll) = product.multipliedReportingOverflow(by: file.outputCount)
            count = over || overAll ? file.trees.count : all
        } else {
            count = best + 1 < file.rounds.count ? file.rounds[best + 1] : file.trees.count
        }
        guard count >= 0, count <= file.trees.count else { return file.trees.count }
        if count < file.trees.count { notes.append("rounds 0 to \(best) are used: early stopping found the last best") }
        return count
    }
}
