// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// OneVsOneClassifier: a classifier for each pair of classes, and votes.
enum OneVsOne: SklearnEstimator {
    static let names = ["OneVsOneClassifier"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnContext.sharedNeeds(estimator.fittedEstimators())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let classes = try estimator.classes()
        let inner = try estimator.fittedEstimators()
        let pairs = try ClassPairs(of: estimator, classes: classes.count)
        guard inner.count == pairs.pairs.count else {
            throw estimator.malformed("it has \(inner.count) estimators for \(classes.count) classes")
        }
        guard estimator.optional("pairwise_indices_") == nil else {
            throw estimator.unsupported("it was trained on distances between rows, which are not there later")
        }
        graph.describeStep("\(inner.count) classifiers")
        var wins: [String] = []
        var responses: [String] = []
        var hasDecision = true
        for part in inner {
            let classifier = try part.addClassifier(input, to: &graph)
            let response = try classifier.response(part, in: &graph)
            guard response.width == 1 else { throw part.malformed("it knows more than two classes") }
            hasDecision = response.isDecision
            responses.append(response.value)
            wins.append(graph.unsqueeze(graph.cast(classifier.index, to: .float64)))
        }
        let first = graph.subtract(graph.double(1), graph.concatenate(wins))
        let scores = pairs.scores(firstWins: first, confidence: graph.concatenate(responses), in: &graph)
        if classes.count == 2 {
            let decision = graph.columns(scores, [1])
            // The second class's score holds its vote and a little more or less.
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.isAbove(hasDecision ? 0 : 0.5, decision), probabilities: nil,
                    decision: decision))
        }
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(scores), probabilities: nil, decision: scores))
    }
}
