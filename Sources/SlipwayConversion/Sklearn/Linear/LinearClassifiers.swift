// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Classifiers whose decision is `x · coefᵀ + intercept`.
enum LinearClassifiers: SklearnEstimator {
    static let names = [
        "LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "Perceptron", "PassiveAggressiveClassifier",
        "RidgeClassifier", "RidgeClassifierCV",
    ]

    /// How a decision becomes probabilities.
    private enum Link {
        case none
        /// A sigmoid for each class; rows are divided by their sums where there are more than two.
        case sigmoid
        case softmax
        case modifiedHuber
    }

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try LinearModel(estimator).width)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let model = try LinearModel(estimator)
        let classes = try Self.classes(of: estimator)
        guard model.targets == (classes.count == 2 ? 1 : classes.count) else {
            throw estimator.malformed("'coef_' has \(model.targets) rows for \(classes.count) classes")
        }
        let link = link(of: estimator, classes: classes.count)
        graph.describeStep("\(model.width) features, \(classes.count) classes")
        let decision = try model.add(estimator, input: input, to: &graph)
        let index = classes.count == 2 ? graph.isPositive(decision) : graph.argmax(decision)
        let probabilities = probabilities(decision, link, classes: classes.count, in: &graph)
        return .classifier(
            SklearnClassifier(classes: classes, index: index, probabilities: probabilities, decision: decision))
    }

    /// `RidgeClassifier` keeps its classes in the binarizer of its targets.
    private static func classes(of estimator: SklearnContext) throws(ConversionError) -> SklearnClasses {
        guard estimator.optional("_label_binarizer") != nil else { return try estimator.classes() }
        let binarizer = try estimator.estimator("_label_binarizer")
        guard !binarizer.string("y_type_", default: "").hasPrefix("multilabel") else {
            throw estimator.unsupported("it predicts several labels for a row; fit one RidgeClassifier for each label")
        }
        return try binarizer.classes()
    }

    private static func link(of estimator: SklearnContext, classes: Int) -> Link {
        switch estimator.type.name {
        case "LogisticRegression", "LogisticRegressionCV":
            switch estimator.string("multi_class", default: "auto") {
            case "ovr", "warn": .sigmoid
            case "multinomial": .softmax
            default: classes <= 2 || estimator.string("solver", default: "") == "liblinear" ? .sigmoid : .softmax
            }
        case "SGDClassifier":
            switch estimator.string("loss", default: "hinge") {
            case "log", "log_loss": .sigmoid
            case "modified_huber": .modifiedHuber
            default: .none
            }
        default: .none
        }
    }

    private static func probabilities(
        _ decision: String, _ link: Link, classes: Int, in graph: inout GraphBuilder
    ) -> String? {
        switch (link, classes == 2) {
        case (.none, _): return nil
        case (.sigmoid, true): return graph.withComplement(graph.sigmoid(decision))
        case (.sigmoid, false): return graph.normalizeRows(graph.sigmoid(decision))
        case (.softmax, true):
            return graph.softmax(graph.concatenate([graph.node("Neg", [decision]), decision]))
        case (.softmax, false): return graph.softmax(decision)
        case (.modifiedHuber, let isBinary):
            let clipped = graph.node("Clip", [decision, graph.double(-1), graph.double(1)])
            let share = graph.divide(graph.add(clipped, graph.double(1)), graph.double(2))
            if isBinary { return graph.withComplement(share) }
            let isZero = graph.node("Equal", [graph.reduceRows("ReduceSum", share), graph.double(0)])
            // Rows in which every class has zero are uniform.
            return graph.normalizeRows(graph.node("Where", [isZero, graph.double(1), share]))
        }
    }
}
