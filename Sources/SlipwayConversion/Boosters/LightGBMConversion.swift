// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What a model text of LightGBM means.
enum LightGBMConversion {
    private static let objectives: [String: BoosterLink] = {
        var table: [String: BoosterLink] = [
            "multiclass": .softmax, "cross_entropy": .sigmoid(scale: 1), "cross_entropy_lambda": .logOnePlusExponential,
        ]
        for name in ["poisson", "gamma", "tweedie"] { table[name] = .exponential }
        for name in [
            "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom",
        ] { table[name] = .identity }
        return table
    }()

    /// - Parameter rounds: How many rounds to use; `nil` for all.
    static func model(_ file: LightGBMModel, rounds: Int? = nil) throws(ConversionError) -> BoosterModel {
        let outputs = file.treesPerIteration
        try BoosterLimits.check(features: file.featureCount, outputs: outputs)
        guard file.trees.count % outputs == 0 else {
            throw ConversionError(
                .malformed, "there are \(file.trees.count) trees and \(outputs) in each round", at: "Tree=")
        }
        let (wanted, over) = (rounds ?? .max).multipliedReportingOverflow(by: outputs)
        let count = over || wanted <= 0 ? file.trees.count : min(wanted, file.trees.count)
        let link = try link(file)
        var categorical: Set<Int> = []
        var trees: [TreeEnsemble.Tree] = []
        for (index, tree) in file.trees[..<count].enumerated() {
            do throws(ConversionError) {
                var maker = LightGBMTreeMaker(tree, featureCount: file.featureCount)
                trees.append(try maker.make())
                categorical.formUnion(maker.categorical)
            } catch {
                throw error.located("Tree=\(index)")
            }
        }
        let ensemble = TreeEnsemble(
            trees: trees, targetOfTree: outputs == 1 ? [] : (0..<count).map { $0 % outputs }, targetCount: outputs,
            aggregate: file.isAveraged && count > 0 ? .average : .sum, comparison: .float64)
        var notes: [String] = []
        if count < file.trees.count {
            notes.append("\(count / outputs) rounds are used: early stopping found them best")
        }
        if !categorical.isEmpty {
            notes.append(
                file.hasPandasCategories
                    ? "the model was fitted with pandas' categories: give their codes, in the order of pandas"
                    : "\(categorical.count) features are categories: give their numbers")
        }
        return BoosterModel(
            framework: "LightGBM \(file.version)", kind: file.isAveraged ? "rf" : "gbdt",
            objective: file.objective.first ?? "custom", featureNames: file.featureNames,
            featureCount: file.featureCount, body: .trees(ensemble), link: link, categoricalFeatures: categorical,
            rounding: .towardsZero, notes: notes)
    }

    private static func link(_ file: LightGBMModel) throws(ConversionError) -> BoosterLink {
        // One of the user's own leaves no line; predictions are raw sums then.
        guard let name = file.objective.first else { return .identity }
        let scale = file.parameter("sigmoid") ?? 1
        switch name {
        case "binary": return .binary(scale: scale)
        case "multiclassova": return .oneAgainstAll(scale: scale)
        case "regression" where file.objective.contains("sqrt"): return .signedSquare
        default: break
        }
        guard let link = objectives[name] else {
            let known = (objectives.keys + ["binary", "multiclassova"]).sorted().joined(separator: ", ")
            throw ConversionError(
                .unsupported, "LightGBM's objective '\(name.prefix(80))' is not converted; converted are \(known)",
                at: "objective")
        }
        return link
    }
}
