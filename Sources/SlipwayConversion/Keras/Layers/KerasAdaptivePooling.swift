// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Maxima and means over as many parts as are wanted, which overlap where the extent does not divide.
enum KerasAdaptivePooling: KerasLayerFamily {
    /// Of one axis: each part is two nodes.
    private static let partLimit = 1024

    static let names = ["1D", "2D", "3D"].flatMap { ["AdaptiveAveragePooling" + $0, "AdaptiveMaxPooling" + $0] }

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let input = try layer.windowed(call, dimensions: count, &graph)
        let sizes = try layer.integers("output_size", count: count)
        let operation = layer.className.contains("Max") ? "ReduceMax" : "ReduceMean"
        var name = input.name
        for (index, (extent, size)) in zip(layer.extents(input), sizes).enumerated() {
            guard let extent else {
                throw layer.unsupported("an open extent", "give the model's input a fixed shape")
            }
            guard (1...partLimit).contains(size), extent > 0 else { throw layer.malformed("output_size") }
            let axis = graph.integers([2 + index])
            let parts = (0..<size).map { part in
                let ends = [part * extent / size, ((part + 1) * extent + size - 1) / size].map { graph.integers([$0]) }
                let piece = graph.node("Slice", [name, ends[0], ends[1], axis])
                return graph.node(operation, [piece, axis], ["keepdims": .int(1)])
            }
            name = graph.node("Concat", parts, ["axis": .int(2 + index)])
        }
        return [input.followed(by: name, shape: layer.shape(channels: layer.channels(input), sizes))]
    }
}
