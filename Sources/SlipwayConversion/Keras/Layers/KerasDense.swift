// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `Dense`: the last axis times a matrix.
enum KerasDense: KerasLayerFamily {
    static let names = ["Dense"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.float(graph.plain(try layer.input(call)))
        let units = try layer.count("units")
        let (arrays, bias) = try layer.weights([["kernel"]], withBias: layer.bool("use_bias", default: true))
        let kernel = try graph.constant(
            try arrays[0].expecting([input.shape.last ?? nil, units], "kernel", of: layer))
        let offset = try bias.map { try graph.constant(try $0.expecting([units], "bias", of: layer)) }
        let name: String
        if input.rank == 2 {
            name = graph.node("Gemm", [input.name, kernel] + (offset.map { [$0] } ?? []))
        } else {
            let product = graph.node("MatMul", [input.name, kernel])
            name = offset.map { graph.node("Add", [product, $0]) } ?? product
        }
        let output = input.followed(by: name, shape: input.shape.dropLast() + [units])
        return [try KerasActivation.apply(layer.config["activation"], to: output, of: layer, &graph)]
    }
}
