// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// `Embedding`: rows of a table by their numbers.
enum KerasEmbedding: KerasLayerFamily {
    static let names = ["Embedding"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.plain(try layer.input(call, rank: 1...7))
        let width = try layer.count("output_dim")
        let table = try graph.constant(
            try layer.weights(["embeddings"])[0].expecting(
                [try layer.count("input_dim"), width], "embeddings", of: layer))
        let numbers = input.type == .int64 ? input.name : graph.builder.cast(input.name, to: .int64)
        var output = input.followed(by: graph.node("Gather", [table, numbers]), shape: input.shape + [width])
        output.type = .float32
        output.hasMask = layer.bool("mask_zero", default: false)
        return [output]
    }
}
