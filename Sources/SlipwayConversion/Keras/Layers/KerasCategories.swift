// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// `CategoryEncoding` and `Discretization`.
enum KerasCategories: KerasLayerFamily {
    private static let tokenLimit = 1 << 20

    static let names = ["CategoryEncoding", "Discretization"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.plain(try layer.input(call))
        guard !layer.bool("sparse", default: false) else {
            throw layer.unsupported("a sparse output", "build the model with sparse=False")
        }
        return [
            layer.className == "Discretization"
                ? try bucketed(layer, graph.float(input), &graph) : try encoded(layer, input, &graph)
        ]
    }

    /// How many boundaries are not above a value.
    private static func bucketed(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        guard layer.string("output_mode", default: "int") == "int" else {
            throw layer.unsupported("an output_mode other than 'int'", "use it, with CategoryEncoding behind it")
        }
        guard let bounds = layer.config["bin_boundaries"]?.doubles, !bounds.isEmpty else {
            throw layer.unsupported("boundaries that were learned", "give the layer its bin_boundaries")
        }
        let edges = try graph.constant(KerasArray(bounds.map { Float($0) }, [bounds.count]))
        let value = graph.node("Unsqueeze", [input.name, graph.integers([-1])])
        let reached = graph.builder.cast(graph.node("GreaterOrEqual", [value, edges]), to: .int64)
        var output = input.followed(
            by: graph.node("ReduceSum", [reached, graph.integers([-1])], ["keepdims": .int(0)]))
        output.type = .int64
        return output
    }

    private static func encoded(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let count = try layer.count("num_tokens")
        let mode = layer.string("output_mode", default: "multi_hot")
        guard count <= tokenLimit, input.rank == 2 else { throw layer.malformed("num_tokens") }
        let numbers = input.type == .int64 ? input.name : graph.builder.cast(input.name, to: .int64)
        let equal = graph.node(
            "Equal", [graph.node("Unsqueeze", [numbers, graph.integers([2])]), graph.integers(Array(0..<count))])
        let flags = graph.builder.cast(equal, to: .float32)
        var output = input
        output.type = .float32
        let steps = graph.integers([1])
        switch mode {
        case "multi_hot", "multi-hot", "binary":
            return output.followed(
                by: graph.node("ReduceMax", [flags, steps], ["keepdims": .int(0)]), shape: [nil, count])
        case "count":
            return output.followed(
                by: graph.node("ReduceSum", [flags, steps], ["keepdims": .int(0)]), shape: [nil, count])
        case "one_hot" where input.shape[1] == 1:
            return output.followed(by: graph.node("Squeeze", [flags, steps]), shape: [nil, count])
        default:
            throw layer.unsupported("the output_mode '\(mode)' here", "use 'multi_hot' or 'count'")
        }
    }
}
