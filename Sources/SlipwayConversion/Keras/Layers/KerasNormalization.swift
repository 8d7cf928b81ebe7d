// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Batch and layer normalisation.
enum KerasNormalization: KerasLayerFamily {
    /// Values of one normalised part, to bound what a missing scale takes.
    private static let largestExtent = 1 << 24

    static let names = ["BatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2", "LayerNormalization"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.float(try layer.input(call))
        return layer.className == "LayerNormalization"
            ? [try overLayer(layer, input, &graph)] : [try overBatch(layer, input, &graph)]
    }

    private static func overBatch(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let axes = try layer.axes("axis", rank: input.rank, default: -1)
        guard axes.count == 1, axes[0] > 0 else {
            throw layer.unsupported("normalisation along several axes", "normalise along one")
        }
        let variables = try layer.affine(and: ["moving_mean", "moving_variance"])
        guard let mean = variables["moving_mean"], let variance = variables["moving_variance"] else { return input }
        let count = mean.values.count
        for (name, array) in variables { _ = try array.expecting([count], name, of: layer) }
        guard input.shape[axes[0]].map({ $0 == count }) ?? true else { throw layer.malformed("axis") }
        let ones = [Float](repeating: 1, count: count)
        let gamma = variables["gamma"]?.values ?? ones
        let beta = variables["beta"]?.values ?? [Float](repeating: 0, count: count)
        let epsilon = layer.double("epsilon", default: 1e-3)
        let axis = input.axis(axes[0])
        if axis == 1, input.rank > 2 {
            // The engine folds this one into the convolution before it.
            let names = try [gamma, beta, mean.values, variance.values].map {
                try graph.constant(KerasArray($0, [count]))
            }
            return input.followed(
                by: graph.node(
                    "BatchNormalization", [input.name] + names, ["epsilon": .float(Float(epsilon))]))
        }
        let scale = (0..<count).map { Double(gamma[$0]) / (Double(variance.values[$0]) + epsilon).squareRoot() }
        let offset = (0..<count).map { Float(Double(beta[$0]) - Double(mean.values[$0]) * scale[$0]) }
        let shape = [count] + [Int](repeating: 1, count: input.rank - 1 - axis)
        let product = graph.node("Mul", [input.name, try graph.constant(KerasArray(scale.map { Float($0) }, shape))])
        return input.followed(by: graph.node("Add", [product, try graph.constant(KerasArray(offset, shape))]))
    }

    private static func overLayer(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let value = graph.plain(input)
        let axes = try layer.axes("axis", rank: value.rank, default: -1).sorted()
        guard let first = axes.first, first > 0, Set(axes).count == axes.count else {
            throw layer.unsupported("normalisation along the batch", "normalise along other axes")
        }
        guard !layer.bool("rms_scaling", default: false) else {
            throw layer.unsupported("the setting 'rms_scaling'", "leave it out")
        }
        let variables = try layer.affine(and: [])
        let extents = axes.map { value.shape[$0] }
        guard !extents.contains(nil) else {
            throw layer.unsupported("an open extent along the axis", "give the model's input a fixed shape")
        }
        let shape = extents.compactMap { $0 }
        guard let count = KerasLayer.product(shape), count <= largestExtent else { throw layer.malformed("axis") }
        let gamma = variables["gamma"] ?? KerasArray([Float](repeating: 1, count: count), shape)
        let epsilon = Float(layer.double("epsilon", default: 1e-3))
        guard axes == Array(first..<value.rank) else {
            return try alongInner(
                axes, value, gamma.expecting(extents, "gamma", of: layer),
                variables["beta"]?.expecting(extents, "beta", of: layer), epsilon, &graph)
        }
        var inputs = [value.name, try graph.constant(try gamma.expecting(extents, "gamma", of: layer))]
        if let beta = variables["beta"] {
            inputs.append(try graph.constant(try beta.expecting(extents, "beta", of: layer)))
        }
        return value.followed(
            by: graph.node(
                "LayerNormalization", inputs,
                ["axis": .int(first), "epsilon": .float(epsilon)]))
    }

    /// Layer normalisation along axes that are not the last ones, for which ONNX has no operator.
    private static func alongInner(
        _ axes: [Int], _ value: KerasValue, _ gamma: KerasArray, _ beta: KerasArray?, _ epsilon: Float,
        _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let places = graph.integers(axes)
        let mean = graph.node("ReduceMean", [value.name, places], ["keepdims": .int(1)])
        let centered = graph.node("Sub", [value.name, mean])
        let squares = graph.node("Mul", [centered, centered])
        let variance = graph.node("ReduceMean", [squares, places], ["keepdims": .int(1)])
        let root = graph.node("Sqrt", [graph.node("Add", [variance, graph.constant(epsilon)])])
        let scale = try graph.constant(gamma.shaped(value.spread(gamma.shape, along: axes)))
        var name = graph.node("Mul", [graph.node("Div", [centered, root]), scale])
        if let beta {
            name = graph.node("Add", [name, try graph.constant(beta.shaped(value.spread(beta.shape, along: axes)))])
        }
        return value.followed(by: name)
    }
}

extension KerasLayer {
    /// Scale and offset where the layer has them, and other variables, by name.
    func affine(and others: [String]) throws -> [String: KerasArray] {
        var names: [String] = []
        if bool("scale", default: true) { names.append("gamma") }
        if bool("center", default: true) { names.append("beta") }
        names += others
        return Dictionary(uniqueKeysWithValues: zip(names, try weights(names)))
    }
}
