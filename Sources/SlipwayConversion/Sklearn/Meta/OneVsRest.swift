// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// OneVsRestClassifier: a classifier for each class, the surest of which wins.
enum OneVsRest: SklearnEstimator {
    static let names = ["OneVsRestClassifier"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        let inner = try estimator.fittedEstimators().filter { $0.type.name != "_ConstantPredictor" }
        return try SklearnContext.sharedNeeds(inner)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        let binarizer = try estimator.estimator("label_binarizer_")
        guard !binarizer.string("y_type_", default: "multiclass").hasPrefix("multilabel") else {
            throw estimator.unsupported(
                "it gives several labels for a row; train it as a MultiOutputClassifier instead")
        }
        let classes = try binarizer.classes()
        guard inner.count == classes.count || (inner.count == 1 && classes.count == 2) else {
            throw estimator.malformed("it has \(inner.count) estimators for \(classes.count) classes")
        }
        graph.describeStep("\(inner.count) classifiers")
        var responses: [String] = []
        var probabilities: [String]? = []
        var byDecision = true
        for part in inner {
            guard part.type.name != "_ConstantPredictor" else {
                throw part.unsupported("one class was in all training rows or in none; train without it")
            }
            let classifier = try part.addClassifier(input, to: &graph)
            let response = try classifier.response(part, in: &graph)
            guard response.width == 1 else { throw part.malformed("it knows more than two classes") }
            byDecision = response.isDecision
            responses.append(response.value)
            if let own = classifier.probabilities {
                probabilities?.append(graph.columns(own, [1]))
            } else {
                probabilities = nil
            }
        }
        let scores = graph.concatenate(responses)
        let shares = probabilities.map { graph.concatenate($0) }
        if inner.count == 1 {
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.isAbove(byDecision ? 0 : 0.5, scores),
                    probabilities: shares.map { graph.withComplement($0) }, decision: byDecision ? scores : nil))
        }
        // Of equals the last wins.
        let index = graph.node(
            "ArgMax", [scores], ["axis": .int(1), "keepdims": .int(0), "select_last_index": .int(1)])
        let otherwise = estimator.version >= SklearnVersion(1, 4) ? 1 / Double(classes.count) : Double.nan
        return .classifier(
            SklearnClassifier(
                classes: classes, index: index,
                probabilities: shares.map { graph.normalizeRows($0, otherwise: otherwise) },
                decision: byDecision ? scores : nil))
    }
}
