// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Maxima and means over windows, and over everything.
enum KerasPooling: KerasLayerFamily {
    static let names =
        ["1D", "2D", "3D"].flatMap { dimensions in
            ["MaxPooling", "MaxPool", "AveragePooling", "AvgPool"].map { $0 + dimensions }
                + ["GlobalMaxPooling", "GlobalMaxPool", "GlobalAveragePooling", "GlobalAvgPool"].map { $0 + dimensions }
        }

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let isMaximum = layer.className.contains("Max")
        guard !layer.className.hasPrefix("Global") else {
            return [try global(layer, call, count: count, isMaximum: isMaximum, &graph)]
        }
        let input = try layer.windowed(call, dimensions: count, &graph)
        let size = try layer.integers("pool_size", count: count, default: 2)
        let strides =
            layer.config["strides"]?.isNull ?? true ? size : try layer.integers("strides", count: count)
        let window = try KerasWindow(
            size: size, strides: strides, dilations: [Int](repeating: 1, count: count), of: layer)
        guard window.padding != .causal else { throw layer.malformed("padding") }
        let name = graph.node(
            isMaximum ? "MaxPool" : "AveragePool", [input.name],
            try window.attributes(layer.extents(input), of: layer))
        return [
            input.followed(
                by: name, shape: layer.shape(channels: layer.channels(input), window.outputs(layer.extents(input))))
        ]
    }

    private static func global(
        _ layer: KerasLayer, _ call: KerasCall, count: Int, isMaximum: Bool, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let input = graph.float(try layer.input(call, rank: (count + 2)...(count + 2)))
        let keeps = layer.bool("keepdims", default: false)
        let own = layer.isChannelsFirst ? Array(2..<input.rank) : Array(1..<(input.rank - 1))
        let axes = graph.integers(own.map { input.axis($0) }.sorted())
        let name =
            if count == 1, !isMaximum, let mask = input.mask {
                try mean(input, of: try mask.ofSteps(for: layer), axes, layer, &graph)
            } else {
                graph.node(
                    isMaximum ? "ReduceMax" : "ReduceMean", [input.name, axes], ["keepdims": .int(keeps ? 1 : 0)])
            }
        let channels = layer.channels(input)
        var output = input.followed(
            by: name,
            shape: keeps ? layer.shape(channels: channels, [Int?](repeating: 1, count: count)) : [nil, channels])
        output.isChannelsFirst = input.isChannelsFirst && keeps
        return output
    }

    /// The mean of the steps that count.
    private static func mean(
        _ input: KerasValue, of mask: String, _ axes: String, _ layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> String {
        let channels = input.axis(layer.isChannelsFirst ? 1 : 2)
        let counts = graph.node("Unsqueeze", [mask, graph.integers([channels])])
        let kept = graph.node("Where", [counts, input.name, graph.constant(0)])
        let keeps: [String: ONNXAttribute.Value] = ["keepdims": .int(layer.bool("keepdims", default: false) ? 1 : 0)]
        let sum = graph.node("ReduceSum", [kept, axes], keeps)
        return graph.node(
            "Div", [sum, graph.node("ReduceSum", [graph.builder.cast(counts, to: .float32), axes], keeps)])
    }
}
