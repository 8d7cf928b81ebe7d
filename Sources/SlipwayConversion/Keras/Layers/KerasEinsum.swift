// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `EinsumDense`: a product by an equation.
enum KerasEinsum: KerasLayerFamily {
    static let names = ["EinsumDense"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.float(graph.plain(try layer.input(call)))
        let equation = layer.string("equation", default: "")
        let sides = equation.filter { $0 != " " }.split(separator: ">", omittingEmptySubsequences: false)
        let terms = (sides.first ?? "").dropLast().split(separator: ",", omittingEmptySubsequences: false)
        guard sides.count == 2, terms.count == 2, sides[0].last == "-",
            (terms + [sides[1]]).allSatisfy({ term in term.allSatisfy { $0.isASCII && $0.isLetter } })
        else {
            throw layer.unsupported("the equation '\(equation)'", "name all axes, without an ellipsis")
        }
        let hasBias = layer.config["bias_axes"].map { !$0.isNull } ?? false
        let (arrays, bias) = try layer.weights([["kernel"]], withBias: hasBias)
        var extents: [Character: Int] = [:]
        guard terms[0].count == input.rank, terms[1].count == arrays[0].shape.count else {
            throw layer.malformed("equation")
        }
        for (letter, extent) in zip(terms[0], input.shape) { extents[letter] = extent }
        for (letter, extent) in zip(terms[1], arrays[0].shape) {
            guard extents[letter] ?? extent == extent else { throw layer.malformed("equation") }
            extents[letter] = extent
        }
        guard sides[1].first == terms[0].first else {
            throw layer.unsupported("the equation '\(equation)'", "keep the batch first")
        }
        var name = graph.node(
            "Einsum", [input.name, try graph.constant(arrays[0])],
            ["equation": .string("\(terms[0]),\(terms[1])->\(sides[1])")])
        if let bias { name = graph.node("Add", [name, try graph.constant(bias)]) }
        let output = input.followed(by: name, shape: sides[1].map { extents[$0] })
        return [try KerasActivation.apply(layer.config["activation"], to: output, of: layer, &graph)]
    }
}
