// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// StackingClassifier and StackingRegressor: a last estimator over what the others say.
enum Stacking: SklearnEstimator {
    static let names = ["StackingClassifier", "StackingRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        let needs = try SklearnContext.sharedNeeds(estimator.fittedEstimators())
        // The last estimator is given the columns as they are, also where the others are trees, which round them.
        guard estimator.bool("passthrough", default: false), case .matrix(.float32, let width) = needs else {
            return needs
        }
        return .matrix(.float64, width: width)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        let methods = try estimator.list("stack_method_").map { $0.string ?? "" }
        guard methods.count == inner.count else {
            throw estimator.malformed("'stack_method_' has \(methods.count) entries for \(inner.count) estimators")
        }
        graph.describeStep("\(inner.count) estimators")
        var parts: [SklearnInput.Part] = []
        for (part, method) in zip(inner, methods) {
            parts.append(try opinion(part, method, input, &graph))
        }
        if estimator.bool("passthrough", default: false) { parts += input.parts }
        let last = try estimator.estimator("final_estimator_")
        let output = try SklearnRegistry.add(last, input: SklearnInput(parts), to: &graph)
        guard estimator.type.name == "StackingClassifier", case .classifier(var classifier) = output else {
            return output
        }
        // The last estimator knows classes by their numbers.
        let classes = try estimator.classes()
        guard classifier.classes == SklearnClasses.encoded(classes.count) else {
            throw last.malformed("its classes are not those of the estimator around it")
        }
        classifier.classes = classes
        return .classifier(classifier)
    }

    /// What one estimator says, as columns for the last.
    private static func opinion(
        _ part: SklearnContext, _ method: String, _ input: SklearnInput, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnInput.Part {
        let output = try SklearnRegistry.add(part, input: input, to: &graph)
        switch (output, method) {
        case (.regressor(let value, let targets), _):
            return .init(value, .float64, width: targets)
        case (.classifier(let classifier), "predict_proba"):
            guard let probabilities = classifier.probabilities else { break }
            let count = classifier.classes.count
            // The first of two columns says nothing new.
            return count == 2
                ? .init(graph.columns(probabilities, [1]), .float64, width: 1)
                : .init(probabilities, .float64, width: count)
        case (.classifier(let classifier), "decision_function"):
            guard let decision = classifier.decision else { break }
            return .init(decision, .float64, width: classifier.decisionWidth)
        case (.classifier(let classifier), "predict"):
            guard case .integers = classifier.classes else { break }
            return .init(
                graph.unsqueeze(graph.cast(classifier.label(in: &graph), to: .float64)), .float64, width: 1)
        default: break
        }
        throw part.unsupported("its \(method) cannot be stacked here; stack by predict_proba or decision_function")
    }
}
