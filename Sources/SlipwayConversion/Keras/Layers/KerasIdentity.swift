// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Layers that only do something in training.
enum KerasIdentity: KerasLayerFamily {
    static let names = [
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity", "Masking",
        "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomErasing",
        "RandomFlip", "RandomGaussianBlur", "RandomHeight", "RandomHue", "RandomPerspective", "RandomPosterization",
        "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth",
        "RandomZoom", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    ]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        var value = try layer.input(call)
        guard layer.className == "Masking" else { return [value] }
        // Steps whose values all are the mask's become zeros, and layers that look at masks skip them.
        value = graph.float(graph.plain(value))
        let marker = graph.constant(Float(layer.double("mask_value", default: 0)))
        let equal = graph.node("Cast", [graph.node("Equal", [value.name, marker])], ["to": .int(1)])
        let all = graph.node(
            "ReduceMin", [equal, graph.integers([-1])], ["keepdims": .int(1)])
        let kept = graph.node("Sub", [graph.constant(1), all])
        var result = value.followed(by: graph.node("Mul", [value.name, kept]))
        result.hasMask = true
        return [result]
    }
}
