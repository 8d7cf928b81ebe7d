// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// VotingClassifier and VotingRegressor: weighted votes or means of different estimators.
enum Voting: SklearnEstimator {
    static let names = ["VotingClassifier", "VotingRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnContext.sharedNeeds(estimator.fittedEstimators())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        let weights = try weights(estimator, count: inner.count)
        graph.describeStep("\(inner.count) estimators")
        guard estimator.type.name == "VotingClassifier" else {
            var terms: [String] = []
            for part in inner { terms.append(try part.addRegressor(input, to: &graph).value) }
            return .regressor(mean(terms, weights, &graph), targets: 1)
        }
        let classes = try estimator.classes()
        // Inside, classes are numbered.
        let encoded = SklearnClasses.encoded(classes.count)
        let isSoft = estimator.string("voting", default: "hard") == "soft"
        var terms: [String] = []
        for part in inner {
            let classifier = try part.addClassifier(input, to: &graph)
            terms.append(
                isSoft
                    ? try classifier.probabilities(over: encoded, part, in: &graph)
                    : try classifier.votes(over: encoded, part, in: &graph))
        }
        let scores = mean(terms, weights, &graph)
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(scores), probabilities: isSoft ? scores : nil, decision: nil))
    }

    /// One for each estimator that was not dropped.
    private static func weights(_ estimator: SklearnContext, count: Int) throws(ConversionError) -> [Double] {
        guard estimator.optional("weights") != nil else { return [Double](repeating: 1, count: count) }
        let all = try estimator.numbers("weights").values
        let named = try estimator.pairs("estimators")
        let kept = zip(all, named).filter { !($1.value.string == "drop" || $1.value.isNone) }.map(\.0)
        guard kept.count == count, kept.reduce(0, +) != 0 else {
            throw estimator.malformed("there are \(kept.count) weights for \(count) estimators, or their sum is zero")
        }
        return kept
    }

    private static func mean(_ terms: [String], _ weights: [Double], _ graph: inout GraphBuilder) -> String {
        var sum = ""
        for (term, weight) in zip(terms, weights) {
            let scaled = weight == 1 ? term : graph.multiply(term, graph.double(weight))
            sum = sum.isEmpty ? scaled : graph.add(sum, scaled)
        }
        return graph.divide(sum, graph.double(weights.reduce(0, +)))
    }
}
