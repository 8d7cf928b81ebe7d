// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// QuantileTransformer: where a value stands among the training values, evenly or as a normal distribution has it.
enum QuantileTransforms: SklearnEstimator {
    static let names = ["QuantileTransformer"]
    /// Closer to the ends than this counts as the end.
    private static let margin = 1e-7

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let quantiles = try estimator.array("quantiles_", shape: [nil, nil])
        let shares = try estimator.array("references_", shape: [quantiles.rows]).values
        let rows = try input.numbers(width: quantiles.columns, for: estimator, in: &graph)
        let isNormal = estimator.string("output_distribution", default: "uniform") == "normal"
        var columns: [String] = []
        let byFeature = quantiles.transposed()
        for index in 0..<quantiles.columns {
            let points = byFeature.row(index)
            columns.append(
                try share(of: graph.columns(rows, [index]), points, shares, isNormal, estimator, &graph))
        }
        var value = graph.concatenate(columns)
        if isNormal {
            let limit = NormalQuantile.value(Self.margin - Double.ulpOfOne)
            let upper = graph.double(NormalQuantile.value(1 - (Self.margin - Double.ulpOfOne)))
            value = graph.node("Clip", [NormalQuantile.values(of: value, in: &graph), graph.double(limit), upper])
        }
        return .features(SklearnInput(value, .float64, width: quantiles.columns))
    }

    /// The share of training values below, float64 `[N, 1]`: where several are equal, the middle of theirs.
    private static func share(
        of column: String, _ points: [Double], _ shares: [Double], _ isNormal: Bool, _ estimator: SklearnContext,
        _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        guard let first = points.first, let last = points.last, let forward = PiecewiseLinear(points, shares),
            let backward = PiecewiseLinear(points.reversed().map { -$0 }, shares.reversed().map { -$0 })
        else { throw estimator.malformed("'quantiles_' are not in ascending order") }
        let ahead = forward.values(of: column, in: &graph)
        let behind = backward.values(of: graph.negate(column), in: &graph)
        let middle = graph.multiply(graph.subtract(ahead, behind), graph.double(0.5))
        let slack = isNormal ? margin : 0
        let atEnd = graph.node(isNormal ? "Greater" : "GreaterOrEqual", [column, graph.double(last - slack)])
        let atStart = graph.node(isNormal ? "Less" : "LessOrEqual", [column, graph.double(first + slack)])
        let ended = graph.choose(atEnd, graph.double(1), middle)
        let result = graph.choose(atStart, graph.double(0), ended)
        return graph.choose(graph.node("IsNaN", [column]), column, result)
    }
}
