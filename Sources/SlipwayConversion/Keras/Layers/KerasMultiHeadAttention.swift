// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// One call of `MultiHeadAttention`.
struct KerasMultiHeadAttention {
    private let layer: KerasLayer
    private let inputs: KerasAttentionInputs
    private let heads: Int
    private let keyWidth: Int
    private let valueWidth: Int

    init(_ layer: KerasLayer, _ inputs: KerasAttentionInputs) throws {
        guard !layer.bool("use_gate", default: false) else {
            throw layer.unsupported("the setting 'use_gate'", "leave it out")
        }
        guard layer.config["sliding_window"]?.isNull ?? true else {
            throw layer.unsupported("the setting 'sliding_window'", "leave it out")
        }
        if let axes = layer.config["attention_axes"], !axes.isNull, axes.integers != [1], axes.integer != 1 {
            throw layer.unsupported("attention over several axes", "use tensors of batch, steps and features")
        }
        self.layer = layer
        self.inputs = inputs
        heads = try layer.count("num_heads")
        keyWidth = try layer.count("key_dim")
        valueWidth = layer.config["value_dim"]?.integer ?? keyWidth
        guard [heads, keyWidth, valueWidth].allSatisfy({ (1..<1 << 20).contains($0) }) else {
            throw layer.malformed("num_heads")
        }
    }

    func add(to graph: inout KerasGraph) throws -> (answer: String, shares: String, shape: [Int?]) {
        let query = graph.node(
            "Mul",
            [
                try project(inputs.query, "query", keyWidth, &graph),
                graph.constant(1 / Float(keyWidth).squareRoot()),
            ])
        let scores = graph.node("MatMul", [query, try project(inputs.key, "key", keyWidth, &graph)])
        let shares = KerasAttention.shares(scores, try places(&graph), &graph)
        let mixed = graph.node("MatMul", [shares, try project(inputs.value, "value", valueWidth, &graph)])
        let joined = graph.node(
            "Reshape",
            [
                graph.node("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])]),
                graph.integers([0, 0, heads * valueWidth]),
            ])
        let (kernel, bias) = try weights("attention_output")
        guard kernel.shape.count == 3, let features = kernel.shape.last else { throw layer.malformed("output_shape") }
        let output = try kernel.expecting([heads, valueWidth, features], "attention_output", of: layer)
        var name = graph.node(
            "MatMul", [joined, try graph.constant(output.shaped([heads * valueWidth, features]))])
        if let bias {
            name = graph.node(
                "Add", [name, try graph.constant(try bias.expecting([features], "attention_output", of: layer))])
        }
        return (name, shares, [nil, inputs.query.shape[1], features])
    }

    /// Where the queries of every head may look; `[batch, 1, queries, keys]`.
    private func places(_ graph: inout KerasGraph) throws -> String? {
        var places = try inputs.places(masks: [inputs.value.mask, inputs.key.mask], of: layer, &graph)
        if let mask = try inputs.query.mask?.ofSteps(for: layer) {
            let rows = graph.node("Unsqueeze", [mask, graph.integers([2])])
            places = places.map { graph.node("And", [$0, rows]) } ?? rows
        }
        return places.map { graph.node("Unsqueeze", [$0, graph.integers([1])]) }
    }

    /// The value times a kernel, the heads after the batch; keys are turned for the product with queries.
    private func project(
        _ value: KerasValue, _ part: String, _ width: Int, _ graph: inout KerasGraph
    ) throws -> String {
        let (arrays, bias) = try weights(part)
        guard let features = value.shape[2] else {
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
        return graph.node("Transpose", [split], ["perm": .ints(part == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3])])
    }

    /// The kernel and bias of one of the four products.
    private func weights(_ part: String) throws -> (KerasArray, KerasArray?) {
        let object = part == "attention_output" ? "output_dense" : "\(part)_dense"
        let hasBias = layer.bool("use_bias", default: true)
        // Keras 2 keeps the parts under private names.
        let arrays = try layer.variables.part(anyOf: [object, "_" + object], scope: part).read(
            [["kernel"]] + (hasBias ? [["bias"]] : []), for: layer)
        return (arrays[0], hasBias ? arrays[1] : nil)
    }
}
