// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// AdaBoostRegressor: the weighted median of its estimators.
enum BoostedRegressors: SklearnEstimator {
    static let names = ["AdaBoostRegressor"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try SklearnContext.sharedNeeds(estimator.fittedEstimators())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let inner = try estimator.fittedEstimators()
        let weights = Array(try estimator.numbers("estimator_weights_").values.prefix(inner.count))
        guard weights.count == inner.count else {
            throw estimator.malformed("there are \(weights.count) weights for \(inner.count) estimators")
        }
        graph.describeStep("\(inner.count) estimators")
        var values: [String] = []
        for part in inner {
            let (value, targets) = try part.addRegressor(input, to: &graph)
            guard targets == 1 else { throw part.unsupported("it has \(targets) targets where one is wanted") }
            values.append(value)
        }
        let sorted = graph.nodes(
            "TopK", [graph.concatenate(values), graph.integers([inner.count])],
            ["axis": .int(1), "largest": .int(0), "sorted": .int(1)], outputs: 2)
        let ordered = graph.node("Gather", [graph.doubles(weights), sorted[1]], ["axis": .int(0)])
        let running = graph.node("CumSum", [ordered, graph.integers([1], [])])
        let half = graph.multiply(graph.columns(running, [inner.count - 1]), graph.double(0.5))
        let reached = graph.cast(graph.node("GreaterOrEqual", [running, half]), to: .float64)
        let place = graph.unsqueeze(graph.argmax(reached))
        return .regressor(graph.node("GatherElements", [sorted[0], place], ["axis": .int(1)]), targets: 1)
    }
}
