// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Gradient boosting: an initial score and trees, scaled by the learning rate, that are summed.
enum GradientBoosting: SklearnEstimator {
    static let names = ["GradientBoostingClassifier", "GradientBoostingRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float32, width: try estimator.featureCount())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let isClassifier = estimator.type.name.hasSuffix("Classifier")
        let classes = isClassifier ? try estimator.classes() : nil
        let targets = classes.map { $0.count == 2 ? 1 : $0.count } ?? 1
        // Rounded for the trees and for what scores before them alike.
        let input = SklearnInput(
            try input.matrix(.float32, for: estimator, in: &graph), .float32, width: input.width)
        let sums = try addTrees(estimator, targets: targets, input: input, to: &graph)
        let raw: String
        if let classes {
            raw = graph.add(sums, try initialDecision(of: estimator, classes, input: input, to: &graph))
        } else {
            raw = graph.add(sums, try initialPrediction(of: estimator, input: input, to: &graph))
        }
        guard let classes else { return .regressor(raw, targets: 1) }
        if targets > 1 {
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.argmax(raw), probabilities: graph.softmax(raw), decision: raw))
        }
        let isExponential = estimator.string("loss", default: "") == "exponential"
        let margin = isExponential ? graph.multiply(graph.double(2), raw) : raw
        // Before 1.4 the log loss chose the greater of two probabilities, the first of equals.
        let index = graph.isPositive(raw, orZero: isExponential || estimator.version >= SklearnVersion(1, 4))
        return .classifier(
            SklearnClassifier(
                classes: classes, index: index, probabilities: graph.withComplement(graph.sigmoid(margin)),
                decision: raw))
    }

    /// The sum of all trees for each target, float64 `[N, targets]`.
    private static func addTrees(
        _ estimator: SklearnContext, targets: Int, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let width = try estimator.featureCount()
        let rate = try estimator.double("learning_rate", default: 0.1)
        let inner = try estimator.estimators("estimators_")
        guard !inner.isEmpty, inner.count % targets == 0 else {
            throw estimator.malformed("it has \(inner.count) trees for \(targets) targets")
        }
        var ensemble = TreeEnsemble(
            trees: [], targetOfTree: inner.indices.map { $0 % targets }, targetCount: targets, comparison: .float64)
        var nodes = 0
        for context in inner {
            let tree = try SklearnTree(of: context, features: width)
            guard tree.outputs == 1, tree.classes == 1 else {
                throw context.malformed("a tree that is boosted has one number in each leaf")
            }
            nodes += tree.nodeCount
            try estimator.checkNodeCount(nodes)
            ensemble.trees.append(tree.tree(rounding: false) { $0.map { $0 * rate } })
        }
        graph.describeStep("\(width) features, \(inner.count) trees, \(nodes) nodes")
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        // Features are float32, compared with float64 thresholds and summed in float64.
        let value = graph.cast(try input.matrix(.float32, for: estimator, in: &graph), to: .float64)
        return graph.cast(try graph.trees(ensemble, of: value), to: .float64)
    }

    private static func isZero(_ estimator: SklearnContext) -> Bool {
        guard let value = estimator.optional("init_") else { return true }
        return value.string == "zero"
    }

    /// Raw scores before the first tree, that broadcast to `[N, targets]`.
    private static func initialDecision(
        of estimator: SklearnContext, _ classes: SklearnClasses, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        if isZero(estimator) { return graph.double(0) }
        let inner = try estimator.estimator("init_")
        guard case .classifier(let output) = try SklearnRegistry.add(inner, input: input, to: &graph),
            let probabilities = output.probabilities, output.classes.count == classes.count
        else { throw inner.unsupported("as 'init' of gradient boosting it needs predict_proba for the same classes") }
        // Shares of zero and one are moved off the ends by the machine's epsilon, of float32 up to version 1.5.
        let epsilon = estimator.version > SklearnVersion(1, 5) ? Double.ulpOfOne : Double(Float.ulpOfOne)
        let share = classes.count == 2 ? graph.columns(probabilities, [1]) : probabilities
        let clipped = graph.node("Clip", [share, graph.double(epsilon), graph.double(1 - epsilon)])
        if classes.count > 2 {
            let logarithm = graph.node("Log", [clipped])
            guard estimator.version >= SklearnVersion(1, 4) else { return logarithm }
            return graph.subtract(logarithm, graph.reduceRows("ReduceMean", logarithm))
        }
        let odds = graph.divide(clipped, graph.subtract(graph.double(1), clipped))
        let logarithm = graph.node("Log", [odds])
        let isExponential = estimator.string("loss", default: "") == "exponential"
        return isExponential ? graph.multiply(graph.double(0.5), logarithm) : logarithm
    }

    /// The prediction before the first tree, that broadcasts to `[N, 1]`.
    private static func initialPrediction(
        of estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        if isZero(estimator) { return graph.double(0) }
        let inner = try estimator.estimator("init_")
        guard case .regressor(let value, 1) = try SklearnRegistry.add(inner, input: input, to: &graph) else {
            throw inner.unsupported("as 'init' of gradient boosting it needs to predict one number")
        }
        return value
    }
}
