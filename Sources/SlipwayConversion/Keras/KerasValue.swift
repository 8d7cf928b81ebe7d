// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A tensor between layers.
struct KerasValue {
    /// Of the ONNX value.
    var name: String
    /// As Keras sees it, the batch first; `nil` where it is open.
    var shape: [Int?]
    var type: ElementType = .float32
    /// The ONNX value has its last axis, the channels, after the batch: what convolutions need. Layers that do not
    /// care pass it on, so that transposes between them fall away.
    var isChannelsFirst = false
    /// Which steps count, where Keras keeps that with the tensor.
    var mask: KerasMask?

    var rank: Int { shape.count }

    /// Where an axis of Keras lies in the ONNX value.
    func axis(_ axis: Int) -> Int {
        guard isChannelsFirst, axis > 0 else { return axis }
        return axis == rank - 1 ? 1 : axis + 1
    }

    /// The tensor that a layer makes of this one, in the same order of axes; without its mask.
    func followed(by name: String, shape: [Int?]? = nil) -> KerasValue {
        var result = self
        result.name = name
        result.mask = nil
        result.shape = shape ?? self.shape
        return result
    }
}

/// What a layer is called with.
struct KerasCall {
    var inputs: [KerasValue] = []
    /// Tensors given by name.
    var named: [String: [KerasValue]] = [:]
    /// Other arguments given by name.
    var settings: [String: Bool] = [:]
}
