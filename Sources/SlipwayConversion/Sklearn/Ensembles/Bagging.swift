// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// BaggingClassifier and BaggingRegressor: the mean of estimators that see some of the columns each.
enum Bagging: SklearnEstimator {
    static let names = ["BaggingClassifier", "BaggingRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        let width = try estimator.featureCount()
        let inner = try SklearnContext.sharedNeeds(estimator.fittedEstimators())
        guard case .matrix(let type, _) = inner else { return inner }
        return .matrix(type, width: width)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        let chosen = try columns(estimator, count: inner.count)
        graph.describeStep("\(inner.count) estimators")
        var terms: [String] = []
        guard estimator.type.name == "BaggingClassifier" else {
            var width = 1
            for (index, part) in inner.enumerated() {
                let own = try input.select(chosen?[index] ?? Array(0..<input.width), for: part, in: &graph)
                let (value, targets) = try part.addRegressor(own, to: &graph)
                width = targets
                terms.append(value)
            }
            return .regressor(graph.mean(terms), targets: width)
        }
        let classes = try estimator.classes()
        // Inside, classes are numbered.
        let encoded = SklearnClasses.encoded(classes.count)
        var decisions: [String] = []
        var decisionWidth: Int?
        var doubt: String?
        for (index, part) in inner.enumerated() {
            let own = try input.select(chosen?[index] ?? Array(0..<input.width), for: part, in: &graph)
            let classifier = try part.addClassifier(own, to: &graph)
            terms.append(
                classifier.probabilities == nil
                    ? try classifier.votes(over: encoded, part, in: &graph)
                    : try classifier.probabilities(over: encoded, part, in: &graph))
            doubt = doubt ?? classifier.doubt
            if let decision = classifier.decision {
                decisions.append(decision)
                if classifier.classes != encoded
                    || decisionWidth ?? classifier.decisionWidth != classifier.decisionWidth
                {
                    doubt = "one of its estimators has not seen all classes, so that its decision_function has no mean"
                }
                decisionWidth = classifier.decisionWidth
            }
        }
        if !decisions.isEmpty, decisions.count != inner.count {
            doubt = "only some of its estimators have a decision_function"
        }
        var bag = SklearnClassifier(classes: classes, probabilities: graph.mean(terms), in: &graph)
        bag.doubt = doubt
        if doubt == nil, let decisionWidth {
            bag.decision = graph.mean(decisions)
            bag.decisionWidth = decisionWidth
        }
        return .classifier(bag)
    }

    /// The columns of each estimator; `nil` where all see all.
    private static func columns(_ estimator: SklearnContext, count: Int) throws(ConversionError) -> [[Int]]? {
        guard estimator.optional("estimators_features_") != nil else { return nil }
        var result: [[Int]] = []
        for (index, value) in try estimator.list("estimators_features_").enumerated() {
            result.append(try estimator.wholeNumbers(value, "estimators_features_[\(index)]"))
        }
        guard result.count == count else {
            throw estimator.malformed("'estimators_features_' has \(result.count) entries for \(count) estimators")
        }
        return result
    }
}

extension GraphBuilder {
    /// The mean of equal shapes.
    mutating func mean(_ terms: [String]) -> String {
        var sum = terms[0]
        for term in terms.dropFirst() { sum = add(sum, term) }
        return terms.count == 1 ? sum : divide(sum, double(Double(terms.count)))
    }
}
