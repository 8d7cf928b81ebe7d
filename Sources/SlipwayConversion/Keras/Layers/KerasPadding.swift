// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `ZeroPadding` and `Cropping` in one to three dimensions.
enum KerasPadding: KerasLayerFamily {
    static let names = [
        "Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    ]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let input = graph.float(try layer.input(call, rank: (count + 2)...(count + 2)))
        let isPadding = layer.className.hasPrefix("Zero")
        let pairs = try layer.pairs(isPadding ? "padding" : "cropping", count: count)
        let first = layer.isChannelsFirst ? 2 : 1
        var shape = input.shape
        var before = [Int](repeating: 0, count: input.rank)
        var after = before
        for (index, pair) in pairs.enumerated() {
            let sign = isPadding ? 1 : -1
            shape[first + index] = shape[first + index].map { $0 + sign * (pair[0] + pair[1]) }
            guard shape[first + index].map({ $0 >= 0 }) ?? true else { throw layer.malformed("cropping") }
            before[input.axis(first + index)] = pair[0]
            after[input.axis(first + index)] = pair[1]
        }
        let name: String
        if isPadding {
            name = graph.node("Pad", [input.name, graph.integers(before + after), graph.constant(0)])
        } else {
            // An end far away leaves nothing out; a negative one counts from the back.
            let ends = after.map { $0 == 0 ? Int(Int32.max) : -$0 }
            name = graph.node(
                "Slice",
                [
                    input.name, graph.integers(before), graph.integers(ends),
                    graph.integers(Array(0..<input.rank)),
                ])
        }
        return [input.followed(by: name, shape: shape)]
    }
}
