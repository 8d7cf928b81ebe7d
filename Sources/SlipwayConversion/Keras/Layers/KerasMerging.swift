// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Layers that make one tensor of several.
enum KerasMerging: KerasLayerFamily {
    static let names = [
        "Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract",
    ]
    static let setsMasks = true

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let values = call.inputs.map { graph.float($0) }
        guard values.count >= 2, call.named.isEmpty else {
            throw ConversionError(.malformed, "the layer gets \(values.count) tensors, not two or more", at: layer.path)
        }
        switch layer.className {
        case "Concatenate": return [try concatenate(layer, values, &graph)]
        case "Dot": return [try dot(layer, values, &graph)]
        default: return [try elementwise(layer, values, &graph)]
        }
    }

    /// The values in one order of axes.
    private static func aligned(_ values: [KerasValue], _ graph: inout KerasGraph) -> [KerasValue] {
        guard Set(values.map(\.isChannelsFirst)).count > 1 else { return values }
        let sameRank = Set(values.map(\.rank)).count == 1
        return values.map { sameRank ? graph.channelsFirst($0) : graph.plain($0) }
    }

    private static func elementwise(
        _ layer: KerasLayer, _ inputs: [KerasValue], _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let rank = inputs.map(\.rank).max() ?? 0
        var values = Set(inputs.map(\.rank)).count == 1 ? aligned(inputs, &graph) : inputs.map { graph.plain($0) }
        for index in values.indices where values[index].rank < rank {
            // Keras puts the missing extents after the batch.
            let missing = rank - values[index].rank
            let name = graph.node("Unsqueeze", [values[index].name, graph.integers(Array(1...missing))])
            let ones = [Int?](repeating: 1, count: missing)
            values[index] = values[index].followed(by: name, shape: [nil] + ones + values[index].shape.dropFirst())
        }
        var shape: [Int?] = [nil]
        for axis in 1..<max(rank, 1) {
            let extents = values.map { $0.shape[axis] }.filter { $0 != 1 }
            shape.append(extents.isEmpty ? 1 : extents.compactMap { $0 }.first)
        }
        let names = values.map(\.name)
        let result: String
        switch layer.className {
        case "Average": result = graph.node("Mean", names)
        case "Maximum": result = graph.node("Max", names)
        case "Minimum": result = graph.node("Min", names)
        case "Subtract":
            guard names.count == 2 else { throw layer.malformed("inbound_nodes") }
            result = graph.node("Sub", names)
        default:
            let operation = layer.className == "Multiply" ? "Mul" : "Add"
            var sum = names[0]
            for name in names.dropFirst() { sum = graph.node(operation, [sum, name]) }
            result = sum
        }
        var output = values[0].followed(by: result, shape: shape)
        output.mask = try mask(of: inputs, rank: rank, layer, &graph)
        return output
    }

    /// The steps that count after values were added or the like: in Keras 2 those that count in each that has a mask,
    /// in Keras 3 those that count in any, if all have one.
    private static func mask(
        of inputs: [KerasValue], rank: Int, _ layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasMask? {
        let masks = inputs.compactMap(\.mask)
        guard var result = masks.first, layer.isLegacy || masks.count == inputs.count else { return nil }
        guard masks.allSatisfy({ $0.rank == result.rank }), inputs.allSatisfy({ $0.rank == rank }) else {
            throw layer.unsupported("joining masks of several shapes", "build the model without mask_zero and Masking")
        }
        for other in masks.dropFirst() where other.name != result.name {
            result = KerasMask(
                name: graph.node(layer.isLegacy ? "And" : "Or", [result.name, other.name]), rank: result.rank)
        }
        return result
    }

    /// The steps that count after values were joined.
    private static func mask(
        joining inputs: [KerasValue], along axis: Int, _ layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasMask? {
        guard inputs.contains(where: { $0.mask != nil }) else { return nil }
        let rank = inputs[0].rank - 1
        guard inputs.allSatisfy({ $0.mask?.rank ?? rank == rank }) else {
            throw layer.unsupported("joining masks of several shapes", "build the model without mask_zero and Masking")
        }
        if axis == inputs[0].rank - 1 {
            guard layer.isLegacy || inputs.allSatisfy({ $0.mask != nil }) else { return all(inputs[0], &graph) }
            return try mask(of: inputs, rank: inputs[0].rank, layer, &graph)
        }
        let masks = inputs.map { $0.mask ?? all($0, &graph) }
        return KerasMask(name: graph.node("Concat", masks.map(\.name), ["axis": .int(axis)]), rank: rank)
    }

    /// The mask of a value whose steps all count.
    private static func all(_ value: KerasValue, _ graph: inout KerasGraph) -> KerasMask {
        let plain = graph.plain(value)
        let extents = graph.node("Shape", [plain.name], ["end": .int(-1)])
        let ones = graph.node("Expand", [graph.integer(1), extents])
        return KerasMask(name: graph.builder.cast(ones, to: .bool), rank: value.rank - 1)
    }

    private static func concatenate(
        _ layer: KerasLayer, _ inputs: [KerasValue], _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let values = aligned(inputs, &graph)
        let first = values[0]
        guard values.allSatisfy({ $0.rank == first.rank }) else { throw layer.malformed("inbound_nodes") }
        let axes = try layer.axes("axis", rank: first.rank, default: -1)
        guard axes.count == 1, axes[0] > 0 else { throw layer.unsupported("joining along the batch", "join later") }
        var shape = first.shape
        let extents = values.map { $0.shape[axes[0]] }
        shape[axes[0]] = extents.contains(nil) ? nil : extents.compactMap { $0 }.reduce(0, +)
        var output = first.followed(
            by: graph.node("Concat", values.map(\.name), ["axis": .int(first.axis(axes[0]))]), shape: shape)
        output.mask = try mask(joining: inputs, along: axes[0], layer, &graph)
        return output
    }

    private static func dot(
        _ layer: KerasLayer, _ inputs: [KerasValue], _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard inputs.count == 2 else { throw layer.malformed("inbound_nodes") }
        var values = inputs.map { graph.plain($0) }
        var axes = [
            try layer.axes("axes", rank: values[0].rank, default: -1)[0],
            try layer.axes("axes", rank: values[1].rank, default: -1).last ?? 0,
        ]
        guard values.allSatisfy({ (2...3).contains($0.rank) }), !axes.contains(0) else {
            throw layer.unsupported("a product of tensors of more than three extents", "flatten them first")
        }
        if layer.bool("normalize", default: false) {
            for index in 0..<2 {
                let axis = graph.integers([axes[index]])
                let squares = graph.node(
                    "ReduceSumSquare", [values[index].name, axis], ["keepdims": .int(1)])
                let norm = graph.node("Sqrt", [graph.node("Max", [squares, graph.constant(1e-12)])])
                values[index].name = graph.node("Div", [values[index].name, norm])
            }
        }
        let isVector = values.map { $0.rank == 2 }
        // The axis that is summed comes last in the first tensor and second in the second one.
        if isVector[0] {
            values[0] = unsqueezed(values[0], 1, &graph)
        } else if axes[0] == 1 {
            values[0] = swapped(values[0], &graph)
        }
        if isVector[1] {
            values[1] = unsqueezed(values[1], 2, &graph)
        } else if axes[1] == 2 {
            values[1] = swapped(values[1], &graph)
        }
        var name = graph.node("MatMul", values.map(\.name))
        var shape: [Int?] = [nil, values[0].shape[1], values[1].shape[2]]
        axes = []
        if isVector[0] { axes.append(1) }
        if isVector[1] && !isVector[0] { axes.append(2) }
        if !axes.isEmpty {
            name = graph.node("Squeeze", [name, graph.integers(axes)])
            shape.remove(at: axes[0])
        }
        return values[0].followed(by: name, shape: shape)
    }

    private static func unsqueezed(_ value: KerasValue, _ axis: Int, _ graph: inout KerasGraph) -> KerasValue {
        var shape = value.shape
        shape.insert(1, at: axis)
        return value.followed(by: graph.node("Unsqueeze", [value.name, graph.integers([axis])]), shape: shape)
    }

    private static func swapped(_ value: KerasValue, _ graph: inout KerasGraph) -> KerasValue {
        value.followed(
            by: graph.node("Transpose", [value.name], ["perm": .ints([0, 2, 1])]),
            shape: [nil, value.shape[2], value.shape[1]])
    }
}
