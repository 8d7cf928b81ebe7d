// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `CenterCrop` and `Resizing`.
enum KerasImageSize: KerasLayerFamily {
    static let names = ["CenterCrop", "Resizing"]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let input = try layer.windowed(call, dimensions: 2, &graph)
        let wanted = [try layer.count("height"), try layer.count("width")]
        let name =
            layer.className == "Resizing"
            ? try resized(layer, input, wanted, &graph) : try cropped(layer, input, wanted, &graph)
        return [input.followed(by: name, shape: layer.shape(channels: layer.channels(input), wanted))]
    }

    private static func cropped(
        _ layer: KerasLayer, _ input: KerasValue, _ wanted: [Int], _ graph: inout KerasGraph
    ) throws -> String {
        let extents = layer.extents(input).compactMap { $0 }
        guard extents.count == 2, zip(extents, wanted).allSatisfy({ $0 >= $1 }) else {
            throw layer.unsupported(
                "cropping a picture of an open or a smaller size", "give the model's input a fixed, larger shape")
        }
        let starts = zip(extents, wanted).map { ($0 - $1) / 2 }
        let ends = zip(starts, wanted).map { $0 + $1 }
        return graph.node(
            "Slice", [input.name, graph.integers(starts), graph.integers(ends), graph.integers([2, 3])])
    }

    private static func resized(
        _ layer: KerasLayer, _ input: KerasValue, _ wanted: [Int], _ graph: inout KerasGraph
    ) throws -> String {
        for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"] where layer.bool(key, default: false) {
            throw layer.unsupported("the setting '\(key)'", "leave it out")
        }
        let method = layer.string("interpolation", default: "bilinear")
        var attributes: [String: ONNXAttribute.Value] = ["coordinate_transformation_mode": .string("half_pixel")]
        switch method {
        case "bilinear": attributes["mode"] = .string("linear")
        case "nearest":
            attributes["mode"] = .string("nearest")
            attributes["nearest_mode"] = .string("round_prefer_ceil")
        default: throw layer.unsupported("the interpolation '\(method)'", "use 'nearest' or 'bilinear'")
        }
        let head = graph.node("Shape", [input.name], ["start": .int(0), "end": .int(2)])
        let sizes = graph.node("Concat", [head, graph.integers(wanted)], ["axis": .int(0)])
        return graph.node("Resize", [input.name, "", "", sizes], attributes)
    }
}
