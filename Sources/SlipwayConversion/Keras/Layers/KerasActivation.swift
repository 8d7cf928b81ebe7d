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
        case "sparse_sigmoid":
            let half = graph.node("Mul", [graph.node("Add", [x, graph.constant(1)]), graph.constant(0.5)])
            result = clip(half, 0, 1, &graph)
        default:
            throw layer.unsupported("the activation '\(name)'", "use one like relu, gelu, silu, tanh or softmax")
        }
        return value.followed(by: result)
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
