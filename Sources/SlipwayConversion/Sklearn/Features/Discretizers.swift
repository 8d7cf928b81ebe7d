// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// KBinsDiscretizer: the number of the bin that a value falls into, or a column for each bin.
enum Discretizers: SklearnEstimator {
    static let names = ["KBinsDiscretizer"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let edges = try estimator.list("bin_edges_")
        guard !edges.isEmpty else { throw estimator.malformed("'bin_edges_' is empty") }
        let rows = try input.numbers(width: edges.count, for: estimator, in: &graph)
        let encoding = estimator.string("encode", default: "onehot")
        var columns: [String] = []
        var width = 0
        for (index, value) in edges.enumerated() {
            let all = try estimator.numbers(value, "bin_edges_[\(index)]").values
            guard all.count >= 2 else { throw estimator.malformed("'bin_edges_[\(index)]' has \(all.count) edges") }
            var column = graph.columns(rows, [index])
            let inner = Array(all[1..<(all.count - 1)])
            if estimator.version < SklearnVersion(1, 1), estimator.version > SklearnVersion() {
                // Older releases moved values up a little.
                let slack = graph.multiply(graph.node("Abs", [column]), graph.double(1e-5))
                column = graph.add(column, graph.add(slack, graph.double(1e-8)))
            }
            var bin = graph.repeatRow([0], forRowsOf: column)
            if !inner.isEmpty {
                let passed = graph.node("GreaterOrEqual", [column, graph.doubles(inner, [1, inner.count])])
                bin = graph.rowSums(graph.cast(passed, to: .float64))
            }
            let bins = all.count - 1
            let isOrdinal = encoding == "ordinal"
            columns.append(
                isOrdinal ? bin : graph.indicator(graph.squeeze(graph.cast(bin, to: .int64)), count: bins))
            width += isOrdinal ? 1 : bins
        }
        return .features(SklearnInput(graph.concatenate(columns), .float64, width: width))
    }
}

/// TruncatedSVD: projections on the components.
enum TruncatedDecompositions: SklearnEstimator {
    static let names = ["TruncatedSVD"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let components = try estimator.array("components_", shape: [nil, nil])
        let rows = try input.numbers(width: components.columns, for: estimator, in: &graph)
        let value = graph.matrixProduct(rows, graph.matrix(components.transposed()))
        return .features(SklearnInput(value, .float64, width: components.rows))
    }

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try estimator.array("components_", shape: [nil, nil]).columns)
    }
}
