// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Which steps of a sequence count: what Keras keeps beside a tensor that `Embedding` or `Masking` made.
struct KerasMask {
    /// The ONNX value: bool, true where a step counts.
    let name: String
    /// Of the value: 2 where it tells of the steps of each row.
    let rank: Int

    /// Whether a layer that does not look at masks gives its input's on; others lose it.
    static func isPassedOn(by layer: KerasLayer) -> Bool {
        passing.contains(layer.className) || !layer.isLegacy && passingInKeras3.contains(layer.className)
    }

    private static let passing: Set<String> = [
        "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "BatchNormalizationV1",
        "BatchNormalizationV2", "Dense", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization",
        "InputLayer", "LayerNormalization", "LeakyReLU", "PReLU", "ReLU", "SpatialDropout1D", "SpatialDropout2D",
        "SpatialDropout3D", "ThresholdedReLU", "UnitNormalization",
    ]

    private static let passingInKeras3: Set<String> = ["Identity", "Normalization", "Rescaling"]

    /// The mask's name where it tells of steps, for a layer that takes no other.
    func ofSteps(for layer: KerasLayer) throws -> String {
        guard rank == 2 else {
            throw layer.unsupported("a mask of \(rank) extents", "mask whole steps, or build the model without masks")
        }
        return name
    }
}

/// The steps of a sequence that count, brought together before a recurrent layer and put back in place after it.
///
/// Keras skips a masked step: the state stays, and the step's answer is that of the step before.
struct KerasCountedSteps {
    /// bool, `[batch, steps]`.
    private let mask: String
    /// The mask as int64.
    private let ones: String
    /// int64: how many steps count up to each, itself among them.
    private let counts: String
    /// int64, `[batch, 1]`: how many steps of each row count.
    private let total: String

    init(_ mask: String, _ graph: inout KerasGraph) {
        self.mask = mask
        ones = graph.builder.cast(mask, to: .int64)
        counts = graph.node("CumSum", [ones, graph.integer(1)])
        total = graph.node("ReduceSum", [ones, graph.integers([1])], ["keepdims": .int(1)])
    }

    /// int32, `[batch]`: how many steps of each row count.
    func lengths(_ graph: inout KerasGraph) -> String {
        graph.builder.cast(graph.node("Squeeze", [total, graph.integers([1])]), to: .int32)
    }

    /// bool, `[batch, 1]`: whether any step counts.
    func areThere(_ graph: inout KerasGraph) -> String { graph.node("Greater", [total, graph.integer(0)]) }

    /// The steps with those that count first, in their order: `[batch, steps, features]`.
    func gathered(_ value: String, _ graph: inout KerasGraph) -> String {
        let extents = graph.node("Shape", [ones])
        let steps = graph.node("Gather", [extents, graph.integer(1)])
        let places = graph.node("Range", [graph.integer(0), steps, graph.integer(1)])
        let others = graph.node("Sub", [graph.integer(1), ones])
        let ranks = graph.node("Add", [places, graph.node("Mul", [others, steps])])
        let length = graph.node("Unsqueeze", [steps, graph.integers([0])])
        let order = graph.builder.nodes("TopK", [ranks, length], ["axis": .int(1), "largest": .int(0)], outputs: 2)[1]
        return pick(value, at: order, &graph)
    }

    /// Answers of ``gathered(_:_:)`` steps at the places where those were.
    ///
    /// - Parameters:
    ///   - isBackward: The last step was run first, so that a masked step's answer is that of the step behind it.
    ///   - isZeroed: Masked steps answer with zeros.
    func spread(_ value: String, isBackward: Bool, isZeroed: Bool, _ graph: inout KerasGraph) -> String {
        let place = graph.node("Sub", [counts, isBackward ? ones : graph.integer(1)])
        var isThere =
            isBackward
            ? graph.node("Less", [place, total]) : graph.node("GreaterOrEqual", [place, graph.integer(0)])
        if isZeroed { isThere = graph.node("And", [isThere, mask]) }
        let answers = pick(value, at: graph.node("Where", [isThere, place, graph.integer(0)]), &graph)
        let condition = graph.node("Unsqueeze", [isThere, graph.integers([2])])
        return graph.node("Where", [condition, answers, graph.constant(0)])
    }

    /// Steps by their places in each row.
    private func pick(_ value: String, at places: String, _ graph: inout KerasGraph) -> String {
        let indices = graph.node("Unsqueeze", [places, graph.integers([2])])
        return graph.node("GatherND", [value, indices], ["batch_dims": .int(1)])
    }
}
