// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `SimpleRNN`, `LSTM` and `GRU`.
enum KerasRecurrent: KerasLayerFamily {
    static let names = ["CuDNNGRU", "CuDNNLSTM", "GRU", "LSTM", "SimpleRNN"]
    static let setsMasks = true

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let (first, states) = try arguments(layer, call)
        guard !layer.bool("stateful", default: false) else {
            throw layer.unsupported("a layer that keeps its state between calls", "build the model with stateful=False")
        }
        let run = try KerasRecurrence(layer, first, states)
        return try run.add(
            isBackward: layer.bool("go_backwards", default: false),
            variables: try layer.variables.part("cell", scope: nil), to: &graph)
    }

    /// What the layer reads, and the states that it begins with.
    static func arguments(_ layer: KerasLayer, _ call: KerasCall) throws -> (input: KerasValue, states: [KerasValue]) {
        guard let first = call.inputs.first, first.rank == 3 else { throw layer.malformed("inbound_nodes") }
        var states = Array(call.inputs.dropFirst())
        for (name, values) in call.named {
            guard name == "initial_state" else {
                throw layer.unsupported(
                    "the argument '\(name)' of a call", "build the model without it, masks come from mask_zero")
            }
            states += values
        }
        return (first, states)
    }
}

/// One direction of a recurrent layer.
struct KerasRecurrence {
    private let layer: KerasLayer
    private let input: KerasValue
    private let states: [KerasValue]
    private let units: Int
    private let kind: String

    init(_ layer: KerasLayer, _ input: KerasValue, _ states: [KerasValue]) throws {
        try layer.requireKeras()
        guard !layer.bool("time_major", default: false) else {
            throw layer.unsupported("a layer with time_major=True", "build the model with the batch first")
        }
        self.layer = layer
        self.input = input
        self.states = states
        units = try layer.count("units")
        kind = layer.className.replacing("CuDNN")
        guard states.isEmpty || states.count == (kind == "LSTM" ? 2 : 1) else { throw layer.malformed("inbound_nodes") }
    }

    private var gates: Int { kind == "LSTM" ? 4 : kind == "GRU" ? 3 : 1 }

    /// Adds the layer's nodes.
    ///
    /// - Parameter alignsSteps: Steps against the order in which they were run, as `Bidirectional` turns those of its
    ///   backward layer.
    func add(
        isBackward: Bool, variables: KerasVariables, alignsSteps: Bool = false, to graph: inout KerasGraph
    ) throws -> [KerasValue] {
        let value = graph.float(graph.plain(input))
        let counted = try input.mask.map { KerasCountedSteps(try $0.ofSteps(for: layer), &graph) }
        let read = counted?.gathered(value.name, &graph) ?? value.name
        var inputs = [graph.node("Transpose", [read], ["perm": .ints([1, 0, 2])])] + (try weights(variables, &graph))
        if counted != nil || !states.isEmpty {
            inputs += [String](repeating: "", count: 4 - inputs.count) + [counted?.lengths(&graph) ?? ""]
            for state in states {
                inputs.append(graph.node("Unsqueeze", [graph.float(state).name, graph.integers([0])]))
            }
        }
        var attributes = try activations()
        attributes["hidden_size"] = .int(units)
        attributes["direction"] = .string(isBackward ? "reverse" : "forward")
        if kind == "GRU" { attributes["linear_before_reset"] = .int(resetsAfter ? 1 : 0) }
        let outputs = graph.builder.nodes(
            kind == "SimpleRNN" ? "RNN" : kind, inputs, attributes, outputs: kind == "LSTM" ? 3 : 2)
        var results: [KerasValue] = []
        // Of a row in which no step counts, the states are those given, and the answer is zero.
        let lasts = outputs.dropFirst().enumerated().map { index, name in
            let state = graph.node("Squeeze", [name, graph.integers([0])])
            guard let counted else { return value.followed(by: state, shape: [nil, units]) }
            let given = states.isEmpty ? graph.constant(0) : graph.float(states[index]).name
            return value.followed(
                by: graph.node("Where", [counted.areThere(&graph), state, given]), shape: [nil, units])
        }
        if layer.bool("return_sequences", default: false) {
            var sequence = graph.node(
                "Transpose", [graph.node("Squeeze", [outputs[0], graph.integers([1])])], ["perm": .ints([1, 0, 2])])
            sequence =
                counted?.spread(
                    sequence, isBackward: isBackward, isZeroed: layer.bool("zero_output_for_mask", default: false),
                    &graph) ?? sequence
            if isBackward != alignsSteps {
                // Keras gives the steps in the order in which they were run.
                sequence = graph.node(
                    "Slice",
                    [
                        sequence, graph.integers([-1]), graph.integers([-Int(Int32.max)]), graph.integers([1]),
                        graph.integers([-1]),
                    ])
            }
            var answer = value.followed(by: sequence, shape: [nil, value.shape[1], units])
            answer.mask = input.mask
            results.append(answer)
        } else if let counted, !states.isEmpty {
            results.append(
                lasts[0].followed(
                    by: graph.node("Where", [counted.areThere(&graph), lasts[0].name, graph.constant(0)])))
        } else {
            results.append(lasts[0])
        }
        return layer.bool("return_state", default: false) ? results + lasts : results
    }

    /// Keras 2 has `reset_after` since 2.1, and the default changed with TensorFlow 2.
    private var resetsAfter: Bool { layer.bool("reset_after", default: layer.className == "CuDNNGRU") }

    /// The kernels and biases of all gates as ONNX orders them, the direction first.
    private func weights(_ variables: KerasVariables, _ graph: inout KerasGraph) throws -> [String] {
        let hasBias = layer.bool("use_bias", default: true)
        let names = [["kernel"], ["recurrent_kernel"]] + (hasBias ? [["bias"]] : [])
        let arrays = try variables.read(names, for: layer)
        let width = gates * units
        let kernel = try arrays[0].expecting([input.shape[2], width], "kernel", of: layer)
        let recurrent = try arrays[1].expecting([units, width], "recurrent_kernel", of: layer)
        var result: [String] = []
        for array in [kernel, recurrent] {
            let rows = reordered(array.transposed([1, 0]).values, width: array.shape[0])
            result.append(try graph.constant(KerasArray(rows, [1, width, array.shape[0]])))
        }
        guard hasBias else { return result }
        var bias = arrays[2].values
        let isDouble = bias.count == 2 * width
        guard bias.count == width || isDouble else { throw layer.malformed("bias") }
        if !isDouble { bias += [Float](repeating: 0, count: width) }
        let own = reordered(Array(bias.prefix(width)), width: 1)
        let back = reordered(Array(bias.suffix(width)), width: 1)
        result.append(try graph.constant(KerasArray(own + back, [1, 2 * width])))
        return result
    }

    /// Gates from Keras's order to ONNX's: `i f c o` to `i o f c`; those of GRU are the same.
    private func reordered(_ rows: [Float], width: Int) -> [Float] {
        guard kind == "LSTM" else { return rows }
        let size = units * width
        return [0, 3, 1, 2].flatMap { rows[($0 * size)..<(($0 + 1) * size)] }
    }

    private func activations() throws -> [String: ONNXAttribute.Value] {
        func name(_ key: String, default value: String) throws -> String {
            let setting = layer.config[key]
            if let setting { try KerasActivation.requireKeras(setting, of: layer) }
            let name = setting?.string ?? setting?["config"]?.string ?? (setting == nil ? value : "")
            guard let known = Self.functions[name] else {
                throw layer.unsupported("the activation '\(name)' in a recurrent layer", "use tanh, sigmoid or relu")
            }
            return known
        }
        let isFused = layer.className.hasPrefix("CuDNN")
        let main = try name("activation", default: "tanh")
        let gate =
            kind == "SimpleRNN"
            ? main
            : try name(
                "recurrent_activation", default: isFused ? "sigmoid" : "hard_sigmoid")
        let functions: [String] =
            switch kind {
            case "LSTM": [gate, main, main]
            case "GRU": [gate, main]
            default: [main]
            }
        var attributes: [String: ONNXAttribute.Value] = ["activations": .strings(functions)]
        // A value for each function that takes one: ONNX Runtime reads the list so.
        let slopes: [String: Float] = [
            "Affine": 1, "HardSigmoid": layer.isLegacy ? 0.2 : 1 / 6, "LeakyRelu": 0.2, "Elu": 1,
        ]
        let alphas = functions.compactMap { slopes[$0] }
        if !alphas.isEmpty { attributes["activation_alpha"] = .floats(alphas) }
        let betas = functions.compactMap { ["Affine": 0, "HardSigmoid": 0.5][$0] as Float? }
        if !betas.isEmpty { attributes["activation_beta"] = .floats(betas) }
        return attributes
    }

    private static let functions = [
        "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "hard_sigmoid": "HardSigmoid", "elu": "Elu",
        "softsign": "Softsign", "softplus": "Softplus", "leaky_relu": "LeakyRelu", "linear": "Affine",
    ]
}

extension String {
    /// The text without this beginning.
    fileprivate func replacing(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
