// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Histogram gradient boosting: float64 features, missing values and categories.
enum HistGradientBoosting: SklearnEstimator {
    static let names = ["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        guard estimator.optional("_preprocessor") != nil else {
            return .matrix(.float64, width: try estimator.featureCount())
        }
        let needs = try SklearnRegistry.needs(of: try estimator.estimator("_preprocessor"))
        // Columns of their own are for strings; numbers are one matrix, as without categories.
        guard case .columns(let columns) = needs, columns.allSatisfy({ $0.type != .bytes }) else { return needs }
        return .matrix(.float64, width: columns.count)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let isClassifier = estimator.type.name.hasSuffix("Classifier")
        let classes = isClassifier ? try estimator.classes() : nil
        let targets = classes.map { $0.count == 2 ? 1 : $0.count } ?? 1
        let raw = try addTrees(estimator, targets: targets, input: input, to: &graph)
        guard let classes else {
            let loss = estimator.string("loss", default: "squared_error")
            let isLogarithmic = loss == "poisson" || loss == "gamma"
            return .regressor(isLogarithmic ? graph.node("Exp", [raw]) : raw, targets: 1)
        }
        if targets > 1 {
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.argmax(raw), probabilities: graph.softmax(raw), decision: raw))
        }
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.isPositive(raw),
                probabilities: graph.withComplement(graph.sigmoid(raw)), decision: raw))
    }

    private static func addTrees(
        _ estimator: SklearnContext, targets: Int, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let width = try estimator.featureCount()
        var input = input
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        let step = graph.report.steps.count - 1
        if estimator.optional("_preprocessor") != nil {
            let inner = try estimator.estimator("_preprocessor")
            input = try SklearnRegistry.add(inner, input: input, to: &graph).features(of: inner)
        }
        let categories = try knownCategories(of: estimator, features: width)
        var ensemble = TreeEnsemble(trees: [], targetCount: targets, comparison: .float64)
        var nodes = 0
        for (iteration, item) in try estimator.list("_predictors").enumerated() {
            guard let trees = item.list, trees.count == targets else {
                throw estimator.malformed("'_predictors[\(iteration)]' has no tree for each of \(targets) targets")
            }
            for (target, value) in trees.enumerated() {
                let tree = try HistTree(try estimator.child(value, "._predictors[\(iteration)][\(target)]"))
                nodes += tree.nodeCount
                try estimator.checkNodeCount(nodes)
                ensemble.trees.append(try tree.tree(features: width, categories: categories))
                ensemble.targetOfTree.append(target)
            }
        }
        if graph.report.steps.indices.contains(step) {
            graph.report.steps[step].detail = "\(width) features, \(ensemble.trees.count) trees, \(nodes) nodes"
        }
        let baseline = try estimator.numbers("_baseline_prediction").values
        guard baseline.count == targets else {
            throw estimator.malformed("'_baseline_prediction' has \(baseline.count) values for \(targets) targets")
        }
        guard !ensemble.trees.isEmpty else { throw estimator.malformed("it has no trees") }
        let value = try input.matrix(.float64, for: estimator, in: &graph)
        let sums = graph.cast(try graph.trees(ensemble, of: value), to: .float64)
        return graph.add(sums, graph.doubles(baseline))
    }

    /// Categories seen in training, by the index of the feature, as the trees see it.
    private static func knownCategories(
        of estimator: SklearnContext, features: Int
    ) throws(ConversionError) -> [Int: [Int]] {
        guard estimator.optional("is_categorical_") != nil else { return [:] }
        let mapper = try estimator.estimator("_bin_mapper")
        guard let flags = mapper.optional("is_categorical_") else { return [:] }
        let isCategorical = try mapper.numbers(flags, "is_categorical_").values
        let thresholds = try mapper.list("bin_thresholds_")
        guard isCategorical.count == features, thresholds.count == features else {
            throw mapper.malformed("it describes \(thresholds.count) features of \(features)")
        }
        var categories: [Int: [Int]] = [:]
        for feature in 0..<features where isCategorical[feature] != 0 {
            let known = try mapper.numbers(thresholds[feature], "bin_thresholds_[\(feature)]").values
            categories[feature] = known.compactMap { Int(exactly: $0) }.filter { (0..<256).contains($0) }
        }
        return categories
    }
}
