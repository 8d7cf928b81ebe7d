// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// KNeighborsClassifier: votes of the nearest training rows.
enum NeighborClassifiers: SklearnEstimator {
    static let names = ["KNeighborsClassifier"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let search = try NeighborSearch(estimator, width: width)
        let classes = try estimator.classesOfOutputs()
        let labels = try estimator.numbers("_y")
        guard labels.values.count == search.points.rows * classes.count else {
            throw estimator.malformed("'_y' has shape \(labels.shape) for \(search.points.rows) training rows")
        }
        graph.describeStep("\(search.count) of \(search.points.rows) training rows")
        let (indices, weights) = search.neighbors(of: rows, in: &graph)
        var outputs: [SklearnClassifier] = []
        for (output, known) in classes.enumerated() {
            var own: [Int] = []
            for row in 0..<search.points.rows {
                let label = labels.values[row * classes.count + output]
                guard let index = Int(exactly: label), 0..<known.count ~= index else {
                    throw estimator.malformed("'_y' has \(label) where the index of a class is wanted")
                }
                own.append(index)
            }
            let chosen = graph.node("Gather", [graph.integers(own), indices], ["axis": .int(0)])
            let range = graph.integers(Array(0..<known.count))
            let ballots = graph.cast(
                graph.node("Equal", [graph.unsqueeze(chosen, axis: 2), range]), to: .float64)
            let votes = graph.reduce("ReduceSum", graph.multiply(ballots, graph.unsqueeze(weights, axis: 2)), axis: 1)
            outputs.append(
                SklearnClassifier(
                    classes: known, index: graph.argmax(votes), probabilities: graph.normalizeRows(votes),
                    decision: nil))
        }
        return outputs.count == 1 ? .classifier(outputs[0]) : .classifiers(outputs)
    }
}

/// KNeighborsRegressor: the mean of the nearest training rows' targets.
enum NeighborRegressors: SklearnEstimator {
    static let names = ["KNeighborsRegressor"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let search = try NeighborSearch(estimator, width: width)
        let labels = try estimator.numbers("_y")
        let targets = labels.values.count / search.points.rows
        guard targets > 0, labels.values.count == search.points.rows * targets else {
            throw estimator.malformed("'_y' has shape \(labels.shape) for \(search.points.rows) training rows")
        }
        graph.describeStep("\(search.count) of \(search.points.rows) training rows")
        let (indices, weights) = search.neighbors(of: rows, in: &graph)
        let values = graph.node(
            "Gather", [graph.doubles(labels.values, [search.points.rows, targets]), indices], ["axis": .int(0)])
        let sums = graph.reduce("ReduceSum", graph.multiply(values, graph.unsqueeze(weights, axis: 2)), axis: 1)
        return .regressor(graph.divide(sums, graph.rowSums(weights)), targets: targets)
    }
}
