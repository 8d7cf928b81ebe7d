// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Activation functions that are layers.
enum KerasActivationLayers: KerasLayerFamily {
    static let names = ["Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.float(try layer.input(call))
        let result: String
        switch layer.className {
        case "Activation":
            return [try KerasActivation.apply(layer.config["activation"], to: input, of: layer, &graph)]
        case "ELU":
            result = graph.node("Elu", [input.name], ["alpha": .float(number("alpha", layer) ?? 1)])
        case "LeakyReLU":
            let slope = number("negative_slope", layer) ?? number("alpha", layer) ?? 0.3
            result = graph.node("LeakyRelu", [input.name], ["alpha": .float(slope)])
        case "ThresholdedReLU":
            result = graph.node(
                "ThresholdedRelu", [input.name], ["alpha": .float(number("theta", layer) ?? 1)])
        case "Softmax": result = try softmax(layer, input, &graph)
        case "PReLU": return [try prelu(layer, input, &graph)]
        default: result = relu(layer, input.name, &graph)
        }
        return [input.followed(by: result)]
    }

    /// A number, which Keras 2 sometimes writes as an array.
    private static func number(_ key: String, _ layer: KerasLayer) -> Float? {
        (layer.config[key]?.double ?? layer.config[key]?["value"]?.double).map { Float($0) }
    }

    private static func softmax(_ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph) throws -> String {
        guard input.mask == nil else {
            throw layer.unsupported("a softmax over masked steps", "build the model without mask_zero and Masking")
        }
        let axes = try layer.axes("axis", rank: input.rank, default: -1)
        guard axes.count == 1 else {
            let places = graph.integers(axes.map { input.axis($0) }.sorted())
            let total = graph.node("ReduceLogSumExp", [input.name, places], ["keepdims": .int(1)])
            return graph.node("Exp", [graph.node("Sub", [input.name, total])])
        }
        return graph.node("Softmax", [input.name], ["axis": .int(input.axis(axes[0]))])
    }

    /// `max_value`, `negative_slope` and `threshold` of a `ReLU` layer.
    private static func relu(_ layer: KerasLayer, _ x: String, _ graph: inout KerasGraph) -> String {
        let slope = number("negative_slope", layer) ?? 0
        let threshold = number("threshold", layer) ?? 0
        let maximum = number("max_value", layer)
        if threshold == 0, maximum == nil, slope != 0 {
            return graph.node("LeakyRelu", [x], ["alpha": .float(slope)])
        }
        // As Keras computes it, not as it documents it: at the threshold itself the answer is 0, and with a maximum no
        // value below 0 is kept.
        let edge = graph.constant(threshold)
        var result =
            threshold == 0
            ? graph.node("Relu", [x])
            : graph.node("Where", [graph.node("Greater", [x, edge]), x, graph.constant(0)])
        if let maximum { result = KerasActivation.clip(result, 0, maximum, &graph) }
        guard slope != 0 else { return result }
        let below = graph.node("Relu", [graph.node("Sub", [edge, x])])
        return graph.node("Sub", [result, graph.node("Mul", [below, graph.constant(slope)])])
    }

    private static func prelu(_ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph) throws -> KerasValue
    {
        var slope = try layer.weights(["alpha"])[0]
        guard slope.shape.count == input.rank - 1, slope.values.count == slope.shape.reduce(1, *) else {
            throw layer.malformed("alpha")
        }
        if input.isChannelsFirst {
            slope = slope.transposed([slope.shape.count - 1] + Array(0..<(slope.shape.count - 1)))
        }
        return input.followed(by: graph.node("PRelu", [input.name, try graph.constant(slope)]))
    }
}
