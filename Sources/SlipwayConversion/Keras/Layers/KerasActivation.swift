// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Activation functions by name, as layers have them for a setting.
enum KerasActivation {
    /// The function that a setting names: `"relu"`, or an object that describes one.
    static func apply(
        _ setting: StructuredValue?, to value: KerasValue, of layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard let setting, !setting.isNull else { return value }
        if let name = setting.string { return try apply(name, to: value, of: layer, &graph) }
        try requireKeras(setting, of: layer)
        if let name = setting["config"]?.string { return try apply(name, to: value, of: layer, &graph) }
        let inner = layer.inner(setting, variables: KerasVariables(.none), "activation")
        try inner.requireKeras()
        guard KerasActivationLayers.names.contains(inner.className), inner.className != "PReLU",
            let result = try KerasActivationLayers.add(inner, KerasCall(inputs: [value]), to: &graph).first
        else { throw layer.unsupported("the activation \(inner.className)", "use one that Keras has a name for") }
        return result
    }

    /// Refuses a function that is not Keras's own: those are written as their names alone.
    static func requireKeras(_ setting: StructuredValue, of layer: KerasLayer) throws {
        guard setting["class_name"]?.string != "function" else {
            throw layer.unsupported(
                "the function '\(setting["config"]?.string ?? "")' of the user's own as activation",
                "name one of Keras's: activation='gelu'")
        }
    }

    /// The function of this name.
    static func apply(
        _ name: String, to value: KerasValue, of layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard name != "linear" else { return value }
        let value = graph.float(value)
        let x = value.name
        if let simple = simple[name] { return value.followed(by: graph.node(simple, [x])) }
        let result: String
        switch name {
        case "softmax", "log_softmax", "logsoftmax":
            result = graph.node(
                name == "softmax" ? "Softmax" : "LogSoftmax", [x], ["axis": .int(value.axis(value.rank - 1))])
        case "relu6": result = clip(x, 0, 6, &graph)
        case "leaky_relu": result = graph.node("LeakyRelu", [x], ["alpha": .float(0.2)])
        case "selu":
            result = graph.node("Selu", [x], ["alpha": .float(1.673_263_2), "gamma": .float(1.050_701)])
        case "hard_sigmoid":
            result = graph.node(
                "HardSigmoid", [x], ["alpha": .float(layer.isLegacy ? 0.2 : 1 / 6), "beta": .float(0.5)])
        case "silu", "swish": result = graph.node("Mul", [x, graph.node("Sigmoid", [x])])
        case "hard_silu", "hard_swish": result = graph.node("HardSwish", [x])
        case "gelu": result = graph.node("Gelu", [x], ["approximate": .string("none")])
        case "log_sigmoid":
            result = graph.node("Neg", [graph.node("Softplus", [graph.node("Neg", [x])])])
        case "hard_tanh": result = clip(x, -1, 1, &graph)
        case "tanh_shrink": result = graph.node("Sub", [x, graph.node("Tanh", [x])])
        case "hard_shrink": result = graph.node("Shrink", [x], ["lambd": .float(0.5)])
        case "soft_shrink": result = graph.node("Shrink", [x], ["lambd": .float(0.5), "bias": .float(0.5)])
        case "squareplus":
            let root = graph.node("Sqrt", [graph.node("Add", [graph.node("Mul", [x, x]), graph.constant(4)])])
            result = graph.node("Mul", [graph.node("Add", [x, root]), graph.constant(0.5)])
        case "glu": return try gated(value, of: layer, &graph)
        case "sparse_plus":
            let sum = graph.node("Add", [x, graph.constant(1)])
            let curve = graph.node("Mul", [graph.node("Mul", [sum, sum]), graph.constant(0.25)])
            let left = graph.node("Where", [graph.node("Greater", [x, graph.constant(-1)]), curve, graph.constant(0)])
            result = graph.node("Where", [graph.node("Less", [x, graph.constant(1)]), left, x])
        case "sparse_sigmoid":
            let half = graph.node("Mul", [graph.node("Add", [x, graph.constant(1)]), graph.constant(0.5)])
            result = clip(half, 0, 1, &graph)
        default:
            throw layer.unsupported("the activation '\(name)'", "use one like relu, gelu, silu, tanh or softmax")
        }
        return value.followed(by: result)
    }

    /// The first half of the last axis, let through by the sigmoid of the second.
    private static func gated(
        _ value: KerasValue, of layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard value.rank > 1, let extent = value.shape.last ?? nil, extent > 0, extent.isMultiple(of: 2) else {
            throw layer.unsupported("the activation 'glu' of an odd or open extent", "give it an even one")
        }
        let axis = graph.integers([value.axis(value.rank - 1)])
        let ends = [0, extent / 2, extent].map { graph.integers([$0]) }
        let halves = (0..<2).map { graph.node("Slice", [value.name, ends[$0], ends[$0 + 1], axis]) }
        return value.followed(
            by: graph.node("Mul", [halves[0], graph.node("Sigmoid", [halves[1]])]),
            shape: value.shape.dropLast() + [extent / 2])
    }

    /// Activations that are one operator.
    private static let simple = [
        "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "elu": "Elu", "softplus": "Softplus",
        "softsign": "Softsign", "exponential": "Exp", "mish": "Mish", "celu": "Celu",
    ]

    static func clip(_ value: String, _ low: Float, _ high: Float, _ graph: inout KerasGraph) -> String {
        graph.node("Clip", [value, graph.constant(low), graph.constant(high)])
    }
}
