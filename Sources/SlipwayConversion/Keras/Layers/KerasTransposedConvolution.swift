// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Transposed convolutions.
enum KerasTransposedConvolution: KerasLayerFamily {
    static let names = [
        "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Convolution1DTranspose", "Convolution2DTranspose",
        "Convolution3DTranspose",
    ]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let input = try layer.windowed(call, dimensions: count, &graph)
        let window = try KerasWindow(kernelOf: layer, dimensions: count)
        guard layer.config["output_padding"]?.isNull ?? true else {
            throw layer.unsupported("the setting 'output_padding'", "leave it out and crop or pad afterwards")
        }
        let filters = try layer.count("filters")
        let (arrays, bias) = try layer.weights([["kernel"]], withBias: layer.bool("use_bias", default: true))
        let kernel = try arrays[0].expecting(window.size + [filters, layer.channels(input)], "kernel", of: layer)
            .transposed([count + 1, count] + Array(0..<count))
        var inputs = [input.name, try graph.constant(kernel)]
        if let bias { inputs.append(try graph.constant(try bias.expecting([filters], "bias", of: layer))) }
        // The result has stride times the extents ('same'), or what the last window reaches ('valid').
        let over = zip(window.reach, window.strides).map { $0 - $1 }
        let short = over.map { max(0, -$0) }
        let cut = window.padding == .same ? over.map { max(0, $0) } : over.map { _ in 0 }
        let extents = layer.extents(input).enumerated().map { axis, extent in
            extent.map { $0 * window.strides[axis] + (window.padding == .same ? 0 : max(0, over[axis])) }
        }
        let name = graph.node(
            "ConvTranspose", inputs,
            [
                "kernel_shape": .ints(window.size), "strides": .ints(window.strides),
                "dilations": .ints(window.dilations), "output_padding": .ints(short),
                "pads": .ints(cut.map { $0 / 2 } + cut.map { $0 - $0 / 2 }),
            ])
        let output = input.followed(by: name, shape: layer.shape(channels: filters, extents))
        return [try KerasActivation.apply(layer.config["activation"], to: output, of: layer, &graph)]
    }
}
