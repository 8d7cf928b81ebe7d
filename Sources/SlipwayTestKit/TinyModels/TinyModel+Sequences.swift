// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension TinyModel {
    /// What the keys of a classifier's score map are.
    public enum ClassKeys: Sendable {
        /// 10, 20, 30.
        case integers
        /// `cat`, `dog`, `owl`.
        case strings
    }

    /// A classifier as scikit-learn converters write it: `label` `[batch]` and `probabilities` seq(map(class, float)).
    ///
    /// Takes `x`, float32 `[batch, 2]`; three classes; class k scores `softmax(x · [k, -k] + [0, 0.5, 1])`.
    public static func zipMap(_ keys: ClassKeys = .integers) -> [UInt8] {
        let keyType: ElementType = keys == .integers ? .int64 : .bytes
        let classifierLabels: (String, ONNXBuilder.Attribute)
        let mapLabels: (String, ONNXBuilder.Attribute)
        switch keys {
        case .integers:
            classifierLabels = ("classlabels_ints", .ints([10, 20, 30]))
            mapLabels = ("classlabels_int64s", .ints([10, 20, 30]))
        case .strings:
            classifierLabels = ("classlabels_strings", .strings(["cat", "dog", "owl"]))
            mapLabels = ("classlabels_strings", .strings(["cat", "dog", "owl"]))
        }
        var builder = ONNXBuilder()
        builder.opsets = [("", 17), ("ai.onnx.ml", 3)]
        builder.input("x", .tensor(.float32, [.symbolic("batch"), .fixed(2)]))
        builder.output("label", .tensor(keyType, [.symbolic("batch")]))
        builder.output("probabilities", .sequence(.map(key: keyType, value: .tensor(.float32, []))))
        builder.node(
            "LinearClassifier", ["x"], ["label", "scores"], domain: "ai.onnx.ml",
            [
                ("coefficients", .floats([0, 0, 1, -1, 2, -2])),
                ("intercepts", .floats([0, 0.5, 1])),
                ("multi_class", .int(0)),
                ("post_transform", .string("SOFTMAX")),
                classifierLabels,
            ])
        builder.node("ZipMap", ["scores"], ["probabilities"], domain: "ai.onnx.ml", [mapLabels])
        return builder.model()
    }

    /// Splits `x`, float32 `[rows, 2]`, into the sequence `pieces`: one `[1, 2]` tensor for each row.
    public static func sequenceOutput() -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("rows"), .fixed(2)]))
        builder.output("pieces", .sequence(.tensor(.float32, [.fixed(1), .fixed(2)])))
        builder.node("SplitToSequence", ["x"], ["pieces"], [("axis", .int(0)), ("keepdims", .int(1))])
        return builder.model()
    }

    /// Joins the sequence `pieces` of float32 `[?, 2]` tensors along the rows into `y`, `[rows, 2]`.
    public static func sequenceInput() -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("pieces", .sequence(.tensor(.float32, [.dynamic, .fixed(2)])))
        builder.output("y", .tensor(.float32, [.symbolic("rows"), .fixed(2)]))
        builder.node("ConcatFromSequence", ["pieces"], ["y"], [("axis", .int(0))])
        return builder.model()
    }
}
