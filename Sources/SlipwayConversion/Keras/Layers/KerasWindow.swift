// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// The window that convolutions and pools move over the inner extents.
struct KerasWindow {
    enum Padding { case valid, same, causal }

    let size: [Int]
    let strides: [Int]
    let dilations: [Int]
    let padding: Padding

    init(size: [Int], strides: [Int], dilations: [Int], of layer: KerasLayer) throws {
        self.size = size
        self.strides = strides
        self.dilations = dilations
        // Bounded so that products stay far from overflow.
        guard (size + strides + dilations).allSatisfy({ (1...1 << 20).contains($0) }) else {
            throw layer.malformed("kernel_size")
        }
        switch layer.string("padding", default: "valid").lowercased() {
        case "valid": padding = .valid
        case "same": padding = .same
        case "causal": padding = .causal
        case let other: throw layer.unsupported("the padding '\(other)'", "use 'valid' or 'same'")
        }
    }

    /// The window of a convolution.
    init(kernelOf layer: KerasLayer, dimensions count: Int) throws {
        try self.init(
            size: try layer.integers("kernel_size", count: count),
            strides: try layer.integers("strides", count: count, default: 1),
            dilations: try layer.integers("dilation_rate", count: count, default: 1), of: layer)
    }

    /// The extents of a window with its holes.
    var reach: [Int] { zip(size, dilations).map { ($0 - 1) * $1 + 1 } }

    /// Extents after the window moved over `extents`.
    func outputs(_ extents: [Int?]) -> [Int?] {
        extents.indices.map { axis in
            extents[axis].map { extent in
                padding == .valid
                    ? max(0, (extent - reach[axis]) / strides[axis] + 1) : (extent + strides[axis] - 1) / strides[axis]
            }
        }
    }

    /// The attributes that `Conv` and the pools share.
    func attributes(_ extents: [Int?], of layer: KerasLayer) throws -> [String: ONNXAttribute.Value] {
        var attributes: [String: ONNXAttribute.Value] = ["kernel_shape": .ints(size), "strides": .ints(strides)]
        if dilations.contains(where: { $0 > 1 }) { attributes["dilations"] = .ints(dilations) }
        switch padding {
        case .valid:
            for (extent, reach) in zip(extents, reach) where (extent ?? reach) < reach {
                throw ConversionError(
                    .malformed, "the window of \(reach) is larger than what it moves over", at: layer.path)
            }
        case .causal: attributes["pads"] = .ints(reach.map { $0 - 1 } + reach.map { _ in 0 })
        case .same:
            if extents.contains(nil) {
                attributes["auto_pad"] = .string("SAME_UPPER")
            } else {
                let totals = extents.indices.map { axis in
                    let extent = extents[axis] ?? 0
                    let steps = (extent + strides[axis] - 1) / strides[axis]
                    return max(0, (steps - 1) * strides[axis] + reach[axis] - extent)
                }
                // TensorFlow puts the odd one at the end.
                attributes["pads"] = .ints(totals.map { $0 / 2 } + totals.map { $0 - $0 / 2 })
            }
        }
        return attributes
    }
}

extension KerasLayer {
    /// The layer's input as ONNX's windows want it: batch, channels, then the rest.
    func windowed(_ call: KerasCall, dimensions: Int, _ graph: inout KerasGraph) throws -> KerasValue {
        let value = graph.float(try input(call, rank: (dimensions + 2)...(dimensions + 2)))
        return isChannelsFirst ? graph.plain(value) : graph.channelsFirst(value)
    }

    /// The channels of what ``windowed(_:dimensions:_:)`` gave.
    func channels(_ value: KerasValue) -> Int? { isChannelsFirst ? value.shape[1] : value.shape[value.rank - 1] }

    /// The extents that a window moves over.
    func extents(_ value: KerasValue) -> [Int?] {
        isChannelsFirst ? Array(value.shape.dropFirst(2)) : Array(value.shape.dropFirst().dropLast())
    }

    /// The shape of a result with these channels and extents, as Keras sees it.
    func shape(channels: Int?, _ extents: [Int?]) -> [Int?] {
        isChannelsFirst ? [nil, channels] + extents : [nil] + extents + [channels]
    }

    /// The 1, 2 or 3 that the class's name ends with.
    func dimensionCount() throws -> Int {
        for count in 1...3 where className.contains("\(count)D") { return count }
        throw malformed("class_name")
    }
}
