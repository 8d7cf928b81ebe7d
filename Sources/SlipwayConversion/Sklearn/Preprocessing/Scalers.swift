// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Scalers that move and stretch each column by itself.
enum Scalers: SklearnEstimator {
    static let names = ["StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        var value = try input.numbers(width: width, for: estimator, in: &graph)
        graph.describeStep("\(width) features")
        /// One number for each column, unless the parameter says that the step is left out.
        func vector(_ name: String, unless parameter: String? = nil) throws(ConversionError) -> String? {
            if let parameter, !estimator.bool(parameter, default: true) { return nil }
            guard let array = try estimator.optionalArray(name, shape: [width]) else {
                if parameter != nil { throw estimator.malformed("the array '\(name)' is missing: is it fitted?") }
                return nil
            }
            return graph.doubles(array.values)
        }
        switch estimator.type.name {
        case "StandardScaler":
            if let mean = try vector("mean_", unless: "with_mean") { value = graph.subtract(value, mean) }
            if let scale = try vector("scale_", unless: "with_std") { value = graph.divide(value, scale) }
        case "RobustScaler":
            if let center = try vector("center_", unless: "with_centering") { value = graph.subtract(value, center) }
            if let scale = try vector("scale_", unless: "with_scaling") { value = graph.divide(value, scale) }
        case "MaxAbsScaler":
            value = graph.divide(value, graph.doubles(try estimator.array("scale_", shape: [width]).values))
            if estimator.bool("clip", default: false) {
                value = graph.node("Clip", [value, graph.double(-1), graph.double(1)])
            }
        default:
            value = graph.multiply(value, graph.doubles(try estimator.array("scale_", shape: [width]).values))
            value = graph.add(value, graph.doubles(try estimator.array("min_", shape: [width]).values))
            if estimator.bool("clip", default: false) {
                let range = try estimator.array("feature_range", shape: [2]).values
                value = graph.node("Clip", [value, graph.double(range[0]), graph.double(range[1])])
            }
        }
        return .features(SklearnInput(value, .float64, width: width))
    }
}
