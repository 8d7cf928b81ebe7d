// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// LinearDiscriminantAnalysis as a classifier: planes, and what they make of probabilities.
enum LinearDiscriminants: SklearnEstimator {
    static let names = ["LinearDiscriminantAnalysis"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let decision = try LinearSupportVectorRegressors.planes(estimator, input, &graph)
        let classes = try estimator.classes()
        guard decision.count == (classes.count == 2 ? 1 : classes.count) else {
            throw estimator.malformed("'coef_' has \(decision.count) rows and there are \(classes.count) classes")
        }
        let isBinary = classes.count == 2
        let probabilities =
            isBinary ? graph.withComplement(graph.sigmoid(decision.value)) : graph.softmax(decision.value)
        let index = isBinary ? graph.isPositive(decision.value) : graph.argmax(decision.value)
        return .classifier(
            SklearnClassifier(
                classes: classes, index: index, probabilities: probabilities, decision: decision.value))
    }
}
