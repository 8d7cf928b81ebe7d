// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// `Embedding`: rows of a table by their numbers.
enum KerasEmbedding: KerasLayerFamily {
    static let names = ["Embedding"]
    static let setsMasks = true

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.plain(try layer.input(call, rank: 1...7))
        let width = try layer.count("output_dim")
        let table = try graph.constant(
            try layer.weights(["embeddings"])[0].expecting(
                [try layer.count("input_dim"), width], "embeddings", of: layer))
        var numbers = input.type == .int64 ? input.name : graph.builder.cast(input.name, to: .int64)
        if layer.isLegacy {
            // Keras 3 counts negative numbers from the end, as ONNX does; Keras 2 refuses them like those too large.
            let isNegative = graph.node("Less", [numbers, graph.integer(0)])
            numbers = graph.node("Where", [isNegative, graph.integer(try layer.count("input_dim")), numbers])
        }
        var output = input.followed(by: graph.node("Gather", [table, numbers]), shape: input.shape + [width])
        output.type = .float32
        if layer.bool("mask_zero", default: false) {
            let isZero = graph.node("Equal", [graph.float(input).name, graph.constant(0)])
            output.mask = KerasMask(name: graph.node("Not", [isZero]), rank: input.rank)
        }
        return [output]
    }
}
