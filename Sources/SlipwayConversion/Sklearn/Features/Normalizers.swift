// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Normalizer: rows brought to length one.
enum Normalizers: SklearnEstimator {
    static let names = ["Normalizer"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let rows = try input.matrix(.float64, for: estimator, in: &graph)
        let norm = estimator.string("norm", default: "l2")
        // Since 1.0 rows that are next to nothing stay as they are.
        let least = estimator.version >= SklearnVersion(1, 0) ? 10 * Double.ulpOfOne : 0
        let value = try normalized(rows, norm, least: least, estimator, &graph)
        return .features(SklearnInput(value, .float64, width: input.width))
    }

    /// Rows divided by their norm; rows of zeros stay, and those whose norm is below `least`.
    static func normalized(
        _ rows: String, _ norm: String, least: Double = 0, _ estimator: SklearnContext, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let length: String
        switch norm {
        case "l2": length = graph.node("Sqrt", [graph.rowSums(graph.square(rows))])
        case "l1": length = graph.rowSums(graph.node("Abs", [rows]))
        case "max": length = graph.reduceRows("ReduceMax", graph.node("Abs", [rows]))
        default: throw estimator.unsupported("norm '\(norm)' is not converted; use 'l1', 'l2' or 'max'")
        }
        let isNothing =
            least > 0
            ? graph.node("Less", [length, graph.double(least)]) : graph.node("Equal", [length, graph.double(0)])
        return graph.divide(rows, graph.choose(isNothing, graph.double(1), length))
    }
}

/// Binarizer: 1 above the threshold, else 0.
enum Binarizers: SklearnEstimator {
    static let names = ["Binarizer"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let rows = try input.matrix(.float64, for: estimator, in: &graph)
        let threshold = graph.double(try estimator.double("threshold", default: 0))
        let value = graph.cast(graph.node("Greater", [rows, threshold]), to: .float64)
        return .features(SklearnInput(value, .float64, width: input.width))
    }
}
