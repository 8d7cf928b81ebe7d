// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `UpSampling` in one to three dimensions.
enum KerasUpSampling: KerasLayerFamily {
    static let names = ["UpSampling1D", "UpSampling2D", "UpSampling3D"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let input = try layer.windowed(call, dimensions: count, &graph)
        let factors = try layer.integers("size", count: count, default: 2)
        guard factors.allSatisfy({ (1...1 << 16).contains($0) }) else { throw layer.malformed("size") }
        let method = layer.string("interpolation", default: "nearest")
        var attributes: [String: ONNXAttribute.Value]
        switch method {
        case "nearest":
            attributes = [
                "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
                "nearest_mode": .string("floor"),
            ]
        case "bilinear":
            attributes = ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")]
        default:
            throw layer.unsupported("the interpolation '\(method)'", "use 'nearest' or 'bilinear'")
        }
        let scales = graph.builder.constant(ONNXTensor([1, 1] + factors.map { Float($0) }))
        let extents = zip(layer.extents(input), factors).map { extent, factor in extent.map { $0 * factor } }
        return [
            input.followed(
                by: graph.node("Resize", [input.name, "", scales], attributes),
                shape: layer.shape(channels: layer.channels(input), extents))
        ]
    }
}
