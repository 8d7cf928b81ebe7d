// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// MultiOutputClassifier and MultiOutputRegressor: an estimator of its own for each target.
enum MultiOutputs: SklearnEstimator {
    static let names = ["MultiOutputClassifier", "MultiOutputRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnContext.sharedNeeds(estimator.fittedEstimators())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        graph.describeStep("\(inner.count) targets")
        guard estimator.type.name == "MultiOutputClassifier" else {
            var columns: [String] = []
            for part in inner {
                let (value, targets) = try part.addRegressor(input, to: &graph)
                guard targets == 1 else { throw part.unsupported("it has \(targets) targets where one is wanted") }
                columns.append(value)
            }
            return .regressor(graph.concatenate(columns), targets: columns.count)
        }
        var classifiers: [SklearnClassifier] = []
        for part in inner { classifiers.append(try part.addClassifier(input, to: &graph)) }
        return .classifiers(classifiers)
    }
}
