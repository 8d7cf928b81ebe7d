// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `MultiHeadAttention` over one axis, and `Attention` by products.
enum KerasAttention: KerasLayerFamily {
    static let names = ["Attention", "MultiHeadAttention"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        for (name, isSet) in call.settings where isSet {
            throw layer.unsupported("a call with \(name)=True", "leave it out")
        }
        var values = call.inputs
        for name in ["query", "value", "key"] { values += call.named[name] ?? [] }
        if let other = call.named.keys.first(where: { !["query", "value", "key"].contains($0) }) {
            throw layer.unsupported("the argument '\(other)'", "build the model without it")
        }
        guard (2...3).contains(values.count), values.allSatisfy({ $0.rank == 3 }) else {
            throw layer.unsupported("attention over several axes", "use tensors of batch, steps and features")
        }
        guard !values.contains(where: \.hasMask) else {
            throw layer.unsupported("attention over masked steps", "build the model without mask_zero and Masking")
        }
        values = values.map { graph.float(graph.plain($0)) }
        if values.count == 2 { values.append(values[1]) }
        return layer.className == "Attention"
            ? [try single(layer, values, &graph)] : [try multiple(layer, values, &graph)]
    }

    private static func single(
        _ layer: KerasLayer, _ values: [KerasValue], _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard layer.string("score_mode", default: "dot") == "dot", !layer.bool("causal", default: false) else {
            throw layer.unsupported("this kind of attention", "use score_mode='dot' without a causal mask")
        }
        let keys = graph.node("Transpose", [values[2].name], ["perm": .ints([0, 2, 1])])
        var scores = graph.node("MatMul", [values[0].name, keys])
        if layer.bool("use_scale", default: false) {
            scores = graph.node("Mul", [scores, try graph.constant(try layer.weights(["scale"])[0])])
        }
        let shares = graph.node("Softmax", [scores], ["axis": .int(-1)])
        return values[0].followed(
            by: graph.node("MatMul", [shares, values[1].name]),
            shape: [nil, values[0].shape[1], values[1].shape[2]])
    }

    private static func multiple(
        _ layer: KerasLayer, _ values: [KerasValue], _ graph: inout KerasGraph
    ) throws -> KerasValue {
        for key in ["use_gate", "flash_attention"] where key == "use_gate" && layer.bool(key, default: false) {
            throw layer.unsupported("the setting '\(key)'", "leave it out")
        }
        for key in ["sliding_window", "output_shape"] where !(layer.config[key]?.isNull ?? true) {
            throw layer.unsupported("the setting '\(key)'", "leave it out")
        }
        if let axes = layer.config["attention_axes"], !axes.isNull, axes.integers != [1], axes.integer != 1 {
            throw layer.unsupported("attention over several axes", "use tensors of batch, steps and features")
        }
        let heads = try layer.count("num_heads")
        let keyWidth = try layer.count("key_dim")
        let valueWidth = layer.config["value_dim"]?.integer ?? keyWidth
        func project(_ value: KerasValue, _ part: String, _ width: Int) throws -> String {
            let (arrays, bias) = try weights(layer, part)
            guard let features = value.shape[2], heads < 1 << 20, width > 0, width < 1 << 20 else {
                throw layer.unsupported("an open number of features", "give the model's input a fixed shape")
            }
            let kernel = try arrays.expecting([features, heads, width], part, of: layer)
            var name = graph.node(
                "MatMul", [value.name, try graph.constant(kernel.shaped([features, heads * width]))])
            if let bias {
                let flat = try bias.expecting([heads, width], part, of: layer).shaped([heads * width])
                name = graph.node("Add", [name, try graph.constant(flat)])
            }
            let split = graph.node("Reshape", [name, graph.integers([0, 0, heads, width])])
            // Keys are turned for the product with queries.
            return graph.node(
                "Transpose", [split], ["perm": .ints(part == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3])])
        }
        let query = graph.node(
            "Mul",
            [try project(values[0], "query", keyWidth), graph.constant(1 / Float(keyWidth).squareRoot())])
        let scores = graph.node("MatMul", [query, try project(values[2], "key", keyWidth)])
        let shares = graph.node("Softmax", [scores], ["axis": .int(-1)])
        let mixed = graph.node("MatMul", [shares, try project(values[1], "value", valueWidth)])
        let joined = graph.node(
            "Reshape",
            [
                graph.node("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])]),
                graph.integers([0, 0, heads * valueWidth]),
            ])
        let (kernel, bias) = try weights(layer, "attention_output")
        guard kernel.shape.count == 3, let features = kernel.shape.last else { throw layer.malformed("kernel") }
        let output = try kernel.expecting([heads, valueWidth, features], "attention_output", of: layer)
        var name = graph.node(
            "MatMul", [joined, try graph.constant(output.shaped([heads * valueWidth, features]))])
        if let bias { name = graph.node("Add", [name, try graph.constant(bias)]) }
        return values[0].followed(by: name, shape: [nil, values[0].shape[1], features])
    }

    /// The kernel and bias of one of the four products.
    private static func weights(_ layer: KerasLayer, _ part: String) throws -> (KerasArray, KerasArray?) {
        let object = part == "attention_output" ? "output_dense" : "\(part)_dense"
        let hasBias = layer.bool("use_bias", default: true)
        // Keras 2 keeps the parts under private names.
        let arrays = try layer.variables.part(anyOf: [object, "_" + object], scope: part).read(
            [["kernel"]] + (hasBias ? [["bias"]] : []), for: layer)
        return (arrays[0], hasBias ? arrays[1] : nil)
    }
}
