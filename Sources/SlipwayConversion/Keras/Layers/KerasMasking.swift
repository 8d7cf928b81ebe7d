// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// `Masking`: steps whose values all are one number become zeros that do not count.
enum KerasMasking: KerasLayerFamily {
    static let names = ["Masking"]
    static let setsMasks = true

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let value = graph.float(graph.plain(try layer.input(call, rank: 2...8)))
        let marker = graph.constant(Float(layer.double("mask_value", default: 0)))
        let differs = graph.node("Not", [graph.node("Equal", [value.name, marker])])
        let any = graph.node(
            "ReduceMax", [graph.builder.cast(differs, to: .float32), graph.integers([-1])], ["keepdims": .int(1)])
        var result = value.followed(by: graph.node("Mul", [value.name, any]))
        let mask = graph.node("Squeeze", [graph.builder.cast(any, to: .bool), graph.integers([-1])])
        result.mask = KerasMask(name: mask, rank: value.rank - 1)
        return [result]
    }
}
