// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Steps one after the other.
enum Pipelines: SklearnEstimator {
    static let names = ["Pipeline"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        guard let first = try steps(of: estimator).first else {
            throw estimator.unsupported("it has no step that does anything")
        }
        return try SklearnRegistry.needs(of: first)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let steps = try steps(of: estimator)
        graph.describeStep("\(steps.count) steps")
        var input = input
        for (index, step) in steps.enumerated() {
            let output = try SklearnRegistry.add(step, input: input, to: &graph)
            if index == steps.count - 1 { return output }
            input = try output.features(of: step)
        }
        return .features(input)
    }

    /// The steps that do something.
    private static func steps(of estimator: SklearnContext) throws(ConversionError) -> [SklearnContext] {
        var steps: [SklearnContext] = []
        for (index, step) in try estimator.pairs("steps").enumerated() {
            if step.value.isNone || step.value.string == "passthrough" { continue }
            steps.append(try estimator.child(step.value, ".steps[\(index)] '\(step.name)'"))
        }
        return steps
    }
}

/// Searches, of which the best estimator predicts.
enum ModelSearches: SklearnEstimator {
    static let names = ["GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnRegistry.needs(of: try best(of: estimator))
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        graph.describeStep("the best estimator")
        return try SklearnRegistry.add(try best(of: estimator), input: input, to: &graph)
    }

    private static func best(of estimator: SklearnContext) throws(ConversionError) -> SklearnContext {
        guard estimator.optional("best_estimator_") != nil else {
            throw estimator.unsupported("it kept no best estimator; search with refit=True")
        }
        return try estimator.estimator("best_estimator_")
    }
}
