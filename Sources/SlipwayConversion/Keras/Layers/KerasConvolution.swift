// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Convolutions: plain, depthwise and separable ones.
enum KerasConvolution: KerasLayerFamily {
    static let names = [
        "Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "DepthwiseConv1D",
        "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D",
    ]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let count = try layer.dimensionCount()
        let input = try layer.windowed(call, dimensions: count, &graph)
        let window = try KerasWindow(kernelOf: layer, dimensions: count)
        let output =
            if layer.className.hasPrefix("Depthwise") {
                try depthwise(layer, input, window, &graph)
            } else if layer.className.hasPrefix("Separable") {
                try separable(layer, input, window, &graph)
            } else {
                try plain(layer, input, window, &graph)
            }
        return [try KerasActivation.apply(layer.config["activation"], to: output, of: layer, &graph)]
    }

    private static func plain(
        _ layer: KerasLayer, _ input: KerasValue, _ window: KerasWindow, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let filters = try layer.count("filters")
        let groups = layer.config["groups"]?.integer ?? 1
        let (arrays, bias) = try layer.weights([["kernel"]], withBias: layer.bool("use_bias", default: true))
        guard groups > 0, layer.channels(input).map({ $0 % groups == 0 }) ?? true else {
            throw layer.malformed("groups")
        }
        let kernel = try arrays[0].expecting(
            window.size + [layer.channels(input).map { $0 / groups }, filters], "kernel", of: layer)
        return try convolve(
            layer, input, window, Filters(kernel: kernel.outputsFirst(), groups: groups, bias: bias), &graph)
    }

    private static func depthwise(
        _ layer: KerasLayer, _ input: KerasValue, _ window: KerasWindow, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let (arrays, bias) = try layer.weights(
            [["depthwise_kernel", "kernel"]], withBias: layer.bool("use_bias", default: true))
        return try convolve(
            layer, input, window,
            Filters(
                kernel: try depthKernel(arrays[0], layer, input, window), groups: try channels(input, layer),
                bias: bias), &graph)
    }

    private static func separable(
        _ layer: KerasLayer, _ input: KerasValue, _ window: KerasWindow, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let (arrays, bias) = try layer.weights(
            [["depthwise_kernel"], ["pointwise_kernel"]], withBias: layer.bool("use_bias", default: true))
        let depth = try depthKernel(arrays[0], layer, input, window)
        let middle = try convolve(
            layer, input, window, Filters(kernel: depth, groups: try channels(input, layer)), &graph)
        let ones = [Int](repeating: 1, count: window.size.count)
        let point = try arrays[1].expecting(
            ones + [depth.shape[0], try layer.count("filters")], "pointwise_kernel", of: layer)
        return try convolve(
            layer, middle, try KerasWindow(size: ones, strides: ones, dilations: ones, of: layer),
            Filters(kernel: point.outputsFirst(), groups: 1, bias: bias), &graph)
    }

    private static func channels(_ input: KerasValue, _ layer: KerasLayer) throws -> Int {
        guard let channels = layer.channels(input) else {
            throw layer.unsupported("an open number of channels", "give the model's input fixed channels")
        }
        return channels
    }

    /// A kernel for each channel: `[extents, channels, multiplier]` to `[channels * multiplier, 1, extents]`.
    private static func depthKernel(
        _ array: KerasArray, _ layer: KerasLayer, _ input: KerasValue, _ window: KerasWindow
    ) throws -> KerasArray {
        let channels = try channels(input, layer)
        let multiplier = layer.config["depth_multiplier"]?.integer ?? 1
        let kernel = try array.expecting(window.size + [channels, multiplier], "depthwise_kernel", of: layer)
        let count = window.size.count
        return kernel.transposed([count, count + 1] + Array(0..<count)).shaped(
            [channels * multiplier, 1] + window.size)
    }

    /// What a `Conv` node slides over its input.
    private struct Filters {
        /// `[outputs, inputs of a group, extents]`.
        var kernel: KerasArray
        var groups: Int
        var bias: KerasArray?
    }

    private static func convolve(
        _ layer: KerasLayer, _ input: KerasValue, _ window: KerasWindow, _ filters: Filters,
        _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let kernel = filters.kernel
        var inputs = [input.name, try graph.constant(kernel)]
        if let bias = filters.bias {
            inputs.append(try graph.constant(try bias.expecting([kernel.shape[0]], "bias", of: layer)))
        }
        var attributes = try window.attributes(layer.extents(input), of: layer)
        if filters.groups > 1 { attributes["group"] = .int(filters.groups) }
        return input.followed(
            by: graph.node("Conv", inputs, attributes),
            shape: layer.shape(channels: kernel.shape[0], window.outputs(layer.extents(input))))
    }
}

extension KerasArray {
    /// `[extents, inputs, outputs]` to `[outputs, inputs, extents]`.
    fileprivate func outputsFirst() -> KerasArray {
        let count = shape.count - 2
        return transposed([count + 1, count] + Array(0..<count))
    }
}
