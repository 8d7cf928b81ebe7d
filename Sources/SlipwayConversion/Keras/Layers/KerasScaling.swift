// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Preprocessing inside a model: `Normalization` and `Rescaling`.
enum KerasScaling: KerasLayerFamily {
    static let names = ["Normalization", "Rescaling"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = graph.plain(graph.float(try layer.input(call)))
        return [
            layer.className == "Rescaling"
                ? try rescaled(layer, input, &graph) : try normalized(layer, input, &graph)
        ]
    }

    private static func rescaled(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        func numbers(_ key: String, default value: Float) throws -> KerasArray {
            guard let setting = layer.config[key], !setting.isNull else { return KerasArray([value], [1]) }
            let list = setting.doubles ?? setting["config"]?["value"]?.doubles ?? setting.double.map { [$0] }
            guard let list, list.count == 1 || input.shape.last == list.count else { throw layer.malformed(key) }
            return KerasArray(list.map { Float($0) }, [list.count])
        }
        let scale = try graph.constant(try numbers("scale", default: 1))
        let offset = try graph.constant(try numbers("offset", default: 0))
        return input.followed(by: graph.node("Add", [graph.node("Mul", [input.name, scale]), offset]))
    }

    private static func normalized(
        _ layer: KerasLayer, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let (mean, variance) = try statistics(layer)
        let hasAxes = layer.config["axis"].map { !$0.isNull && $0.list?.isEmpty != true } ?? true
        var shape = [Int](repeating: 1, count: input.rank)
        if hasAxes {
            for axis in try layer.axes("axis", rank: input.rank, default: -1) {
                guard let extent = input.shape[axis] else {
                    throw layer.unsupported("an open extent along the axis", "give the model's input a fixed shape")
                }
                shape[axis] = extent
            }
        }
        guard let count = KerasLayer.product(shape) else { throw layer.malformed("axis") }
        guard mean.count == variance.count, mean.count == count || mean.count == 1 else {
            throw layer.malformed("mean")
        }
        if mean.count == 1 { shape = [Int](repeating: 1, count: input.rank) }
        let center = try graph.constant(KerasArray(mean, shape))
        // Keras never divides by less than its epsilon.
        let spread = try graph.constant(KerasArray(variance.map { max($0.squareRoot(), 1e-7) }, shape))
        let result =
            layer.bool("invert", default: false)
            ? graph.node("Add", [center, graph.node("Mul", [input.name, spread])])
            : graph.node("Div", [graph.node("Sub", [input.name, center]), spread])
        return input.followed(by: result)
    }

    /// Mean and variance: given when the layer was made, or learned.
    private static func statistics(_ layer: KerasLayer) throws -> ([Float], [Float]) {
        func given(_ key: String) -> [Float]? {
            func flat(_ value: StructuredValue) -> [Double]? {
                if let numbers = value.doubles { return numbers }
                if let number = value.double { return [number] }
                return value.list?.reduce(into: [Double]?([])) { $0?.append(contentsOf: flat($1) ?? []) }
            }
            guard let setting = layer.config[key], !setting.isNull else { return nil }
            return flat(setting["config"]?["value"] ?? setting["value"] ?? setting)?.map { Float($0) }
        }
        if let mean = given("mean"), let variance = given("variance") { return (mean, variance) }
        let arrays = try layer.weights(["mean", "variance"])
        return (arrays[0].values, arrays[1].values)
    }
}
