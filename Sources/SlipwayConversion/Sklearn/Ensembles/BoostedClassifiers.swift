// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// AdaBoostClassifier: weighted votes (SAMME), or sums of log-probabilities (SAMME.R of releases before 1.8).
///
/// Hastie, Rosset, Zhu and Zou, Multi-class AdaBoost, 2009.
enum BoostedClassifiers: SklearnEstimator {
    static let names = ["AdaBoostClassifier"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnContext.sharedNeeds(estimator.fittedEstimators())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let classes = try estimator.classes()
        let inner = try estimator.fittedEstimators()
        let weights = try estimator.numbers("estimator_weights_").values
        guard weights.count >= inner.count else {
            throw estimator.malformed("there are \(weights.count) weights for \(inner.count) estimators")
        }
        guard classes.count > 1 else { throw estimator.unsupported("it knows one class only") }
        let isReal = estimator.string("algorithm", default: "SAMME") == "SAMME.R"
        graph.describeStep("\(inner.count) estimators")
        if isReal, inner.allSatisfy({ $0.type.name == "DecisionTreeClassifier" }) {
            let sum = try LogarithmTrees.sum(inner, classes, estimator, input, &graph)
            return .classifier(decide(graph.divide(sum, graph.double(weights.reduce(0, +))), classes, &graph))
        }
        var sum = ""
        for (index, part) in inner.enumerated() {
            let classifier = try part.addClassifier(input, to: &graph)
            let term =
                isReal
                ? try logarithms(classifier, classes, part, &graph)
                : try ballot(classifier, classes, part, weights[index], estimator.version, &graph)
            sum = sum.isEmpty ? term : graph.add(sum, term)
        }
        return .classifier(decide(graph.divide(sum, graph.double(weights.reduce(0, +))), classes, &graph))
    }

    /// The weight for the predicted class, and against the others.
    private static func ballot(
        _ classifier: SklearnClassifier, _ classes: SklearnClasses, _ part: SklearnContext, _ weight: Double,
        _ version: SklearnVersion, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let votes = try classifier.votes(over: classes, part, in: &graph)
        // Releases before 1.3 gave the others nothing.
        let other = version >= SklearnVersion(1, 3) ? -weight / Double(classes.count - 1) : 0
        return graph.add(graph.multiply(votes, graph.double(weight - other)), graph.double(other))
    }

    private static func logarithms(
        _ classifier: SklearnClassifier, _ classes: SklearnClasses, _ part: SklearnContext,
        _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let probabilities = try classifier.probabilities(over: classes, part, in: &graph)
        let clipped = graph.node("Max", [probabilities, graph.double(Double.ulpOfOne)])
        let logarithms = graph.node("Log", [clipped])
        let mean = graph.reduceRows("ReduceMean", logarithms)
        return graph.multiply(graph.subtract(logarithms, mean), graph.double(Double(classes.count - 1)))
    }

    private static func decide(
        _ scores: String, _ classes: SklearnClasses, _ graph: inout GraphBuilder
    ) -> SklearnClassifier {
        guard classes.count == 2 else {
            let scaled = graph.divide(scores, graph.double(Double(classes.count - 1)))
            return SklearnClassifier(
                classes: classes, index: graph.argmax(scores), probabilities: graph.softmax(scaled),
                decision: scores)
        }
        let decision = graph.subtract(graph.columns(scores, [1]), graph.columns(scores, [0]))
        // The softmax of plus and minus half of the decision.
        let probabilities = graph.withComplement(graph.sigmoid(decision))
        return SklearnClassifier(
            classes: classes, index: graph.isPositive(decision), probabilities: probabilities, decision: decision)
    }
}
