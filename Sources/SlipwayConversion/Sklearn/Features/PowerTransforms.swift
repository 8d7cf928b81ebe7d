// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// PowerTransformer: Box-Cox and Yeo-Johnson, with a scale afterwards.
///
/// Yeo and Johnson, A new family of power transformations to improve normality or symmetry, 2000.
enum PowerTransforms: SklearnEstimator {
    static let names = ["PowerTransformer"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let lambdas = try estimator.numbers("lambdas_").values
        let rows = try input.numbers(width: lambdas.count, for: estimator, in: &graph)
        var value: String
        switch estimator.string("method", default: "yeo-johnson") {
        case "box-cox": value = power(rows, lambdas, &graph)
        case "yeo-johnson": value = yeoJohnson(rows, lambdas, &graph)
        case let other: throw estimator.unsupported("method '\(other)' is not known")
        }
        if estimator.bool("standardize", default: true) {
            let scaler = try estimator.estimator("_scaler")
            let means = try scaler.array("mean_", shape: [lambdas.count]).values
            let scales = try scaler.array("scale_", shape: [lambdas.count]).values
            value = graph.divide(graph.subtract(value, graph.doubles(means)), graph.doubles(scales))
        }
        return .features(SklearnInput(value, .float64, width: lambdas.count))
    }

    /// `(x ^ λ - 1) / λ`, and `log x` where λ is zero.
    private static func power(_ value: String, _ lambdas: [Double], _ graph: inout GraphBuilder) -> String {
        let isZero = lambdas.map { abs($0) < Double.ulpOfOne }
        let safe = graph.doubles(zip(lambdas, isZero).map { $1 ? 1 : $0 })
        let powers = graph.divide(
            graph.subtract(graph.node("Pow", [value, safe]), graph.double(1)), safe)
        guard isZero.contains(true) else { return powers }
        return graph.choose(graph.constant(ONNXTensor(isZero)), graph.node("Log", [value]), powers)
    }

    /// Powers of `x + 1` above zero, and of `1 - x` with `2 - λ` and the other sign below.
    private static func yeoJohnson(_ rows: String, _ lambdas: [Double], _ graph: inout GraphBuilder) -> String {
        let zero = graph.double(0)
        let one = graph.double(1)
        // Each branch sees harmless numbers where the other one counts.
        let up = power(graph.add(graph.node("Max", [rows, zero]), one), lambdas, &graph)
        let down = power(graph.subtract(one, graph.node("Min", [rows, zero])), lambdas.map { 2 - $0 }, &graph)
        let isUp = graph.node("GreaterOrEqual", [rows, zero])
        let isMissing = graph.node("IsNaN", [rows])
        return graph.choose(isMissing, rows, graph.choose(isUp, up, graph.negate(down)))
    }
}
