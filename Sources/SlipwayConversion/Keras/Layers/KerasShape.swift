// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Layers that only give a tensor another shape.
enum KerasShape: KerasLayerFamily {
    static let names = ["Flatten", "InputLayer", "Permute", "RepeatVector", "Reshape"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = try layer.input(call)
        switch layer.className {
        case "Flatten": return [try flattened(layer, input, &graph)]
        case "Permute": return [try permuted(layer, graph.plain(input), &graph)]
        case "RepeatVector":
            let count = try layer.count("n")
            let step = graph.node("Unsqueeze", [input.name, graph.integers([1])])
            guard input.rank == 2 else { throw layer.malformed("n") }
            return [
                input.followed(
                    by: graph.node("Tile", [step, graph.integers([1, count, 1])]), shape: [nil, count, input.shape[1]])
            ]
        case "Reshape": return [try reshaped(layer, input, &graph)]
        default: return [input]
        }
    }

    private static func flattened(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        var value = graph.plain(input)
        if layer.isChannelsFirst, value.rank > 2 {
            // Keras moves the channels to the end first.
            let order = [0] + Array(2..<value.rank) + [1]
            value = value.followed(
                by: graph.node("Transpose", [value.name], ["perm": .ints(order)]), shape: order.map { value.shape[$0] })
        }
        let inner = value.shape.dropFirst()
        let total = inner.contains(nil) ? nil : KerasLayer.product(inner.compactMap { $0 })
        var result = try graph.reshape(value, to: [nil, total], of: layer)
        if value.rank == 1 {
            result = value.followed(by: graph.node("Unsqueeze", [value.name, graph.integers([1])]), shape: [nil, 1])
        }
        return result
    }

    private static func permuted(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let order = [0] + (try layer.integers("dims", count: input.rank - 1))
        guard order.sorted() == Array(0..<input.rank) else { throw layer.malformed("dims") }
        return input.followed(
            by: graph.node("Transpose", [input.name], ["perm": .ints(order)]), shape: order.map { input.shape[$0] })
    }

    private static func reshaped(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard let target = layer.config["target_shape"]?.list?.map({ $0.integer ?? -1 }),
            target.allSatisfy({ (-1...1 << 31).contains($0) && $0 != 0 })
        else { throw layer.malformed("target_shape") }
        var shape: [Int?] = [nil] + target.map { $0 < 0 ? nil : $0 }
        let inner = input.shape.dropFirst()
        // One open extent follows from the others where the input is known.
        if let open = target.firstIndex(of: -1), !inner.contains(nil) {
            let known = KerasLayer.product(target.filter { $0 > 0 }) ?? 0
            let total = KerasLayer.product(inner.compactMap { $0 }) ?? 0
            guard known > 0, total % known == 0 else { throw layer.malformed("target_shape") }
            shape[open + 1] = total / known
        }
        return try graph.reshape(input, to: shape, of: layer)
    }
}
