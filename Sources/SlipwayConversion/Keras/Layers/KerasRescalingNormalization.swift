// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Normalisation of groups of channels, by length, and by the root of the mean square.
enum KerasRescalingNormalization: KerasLayerFamily {
    static let names = ["GroupNormalization", "RMSNormalization", "UnitNormalization"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.float(graph.plain(try layer.input(call, rank: 2...8)))
        if layer.className == "GroupNormalization" { return [try grouped(layer, input, &graph)] }
        let axes = try layer.axes("axis", rank: input.rank, default: -1).sorted()
        let places = graph.integers(axes)
        let squares = graph.node("Mul", [input.name, input.name])
        guard layer.className == "RMSNormalization" else {
            let sum = graph.node("ReduceSum", [squares, places], ["keepdims": .int(1)])
            // Keras 2 bounds the square of the length, Keras 3 the length.
            let length =
                layer.isLegacy
                ? graph.node("Sqrt", [graph.node("Max", [sum, graph.constant(1e-12)])])
                : graph.node("Max", [graph.node("Sqrt", [sum]), graph.constant(1e-12)])
            return [input.followed(by: graph.node("Div", [input.name, length]))]
        }
        let mean = graph.node("ReduceMean", [squares, places], ["keepdims": .int(1)])
        let epsilon = graph.constant(Float(layer.double("epsilon", default: 1e-6)))
        let root = graph.node("Sqrt", [graph.node("Add", [mean, epsilon])])
        let scale = try layer.weights(["scale"])[0].expecting(axes.map { input.shape[$0] }, "scale", of: layer)
        let factor = try graph.constant(scale.shaped(input.spread(scale.shape, along: axes)))
        return [input.followed(by: graph.node("Mul", [graph.node("Div", [input.name, root]), factor]))]
    }

    private static func grouped(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let axes = try layer.axes("axis", rank: input.rank, default: -1)
        guard axes.count == 1, axes[0] > 0, let channels = input.shape[axes[0]], channels > 0 else {
            throw layer.unsupported("an open number of channels", "give the model's input fixed channels")
        }
        let given = layer.config["groups"]?.integer ?? 32
        let groups = given == -1 ? channels : given
        guard groups > 0, channels.isMultiple(of: groups) else { throw layer.malformed("groups") }
        // Channels after the batch, then all of a group in one row.
        let order = [0, axes[0]] + (1..<input.rank).filter { $0 != axes[0] }
        let isMoved = order != Array(0..<input.rank)
        let moved = isMoved ? graph.node("Transpose", [input.name], ["perm": .ints(order)]) : input.name
        let rows = graph.node("Reshape", [moved, graph.integers([0, groups, -1])])
        let ones = try graph.constant(KerasArray([Float](repeating: 1, count: groups), [groups]))
        let zeros = try graph.constant(KerasArray([Float](repeating: 0, count: groups), [groups]))
        let normal = graph.node(
            "InstanceNormalization", [rows, ones, zeros],
            ["epsilon": .float(Float(layer.double("epsilon", default: 1e-3)))])
        var name = graph.node("Reshape", [normal, graph.node("Shape", [moved])])
        let variables = try layer.affine(and: [])
        for (key, operation) in [("gamma", "Mul"), ("beta", "Add")] {
            guard let array = try variables[key]?.expecting([channels], key, of: layer) else { continue }
            let spread = [channels] + [Int](repeating: 1, count: input.rank - 2)
            name = graph.node(operation, [name, try graph.constant(array.shaped(spread))])
        }
        if isMoved {
            let back = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
            name = graph.node("Transpose", [name], ["perm": .ints(back)])
        }
        return input.followed(by: name)
    }
}

extension KerasValue {
    /// The shape in which an array of these extents lies along axes of the value.
    func spread(_ extents: [Int], along axes: [Int]) -> [Int] {
        var shape = [Int](repeating: 1, count: rank)
        for (axis, extent) in zip(axes, extents) { shape[axis] = extent }
        return shape
    }
}
