// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// ONNX files of a few hundred bytes, each with one property that tests need.
///
/// Inputs are named `x` (and `x1`), outputs `y`, unless said otherwise.
public enum TinyModel {
    /// `y = x`, for any element type and any shape; `nil` is a tensor of unknown rank.
    public static func identity(
        elementType: ElementType = .float32, shape: [Dimension]? = [.symbolic("b"), .symbolic("n")]
    ) -> [UInt8] {
        var builder = ONNXBuilder()
        builder.metadata = [("author", "slipway")]
        builder.input("x", .tensor(elementType, shape))
        builder.output("y", .tensor(elementType, shape))
        builder.node("Identity", ["x"], ["y"])
        return builder.model()
    }

    /// `y = x + x1`, float32, both `[b, n]`.
    public static func add() -> [UInt8] {
        var builder = ONNXBuilder()
        let type = ONNXBuilder.ValueType.tensor(.float32, [.symbolic("b"), .symbolic("n")])
        builder.input("x", type)
        builder.input("x1", type)
        builder.output("y", type)
        builder.node("Add", ["x", "x1"], ["y"])
        return builder.model()
    }

    /// `y = x + x`, a float32 scalar.
    public static func scalar() -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, []))
        builder.output("y", .tensor(.float32, []))
        builder.node("Add", ["x", "x"], ["y"])
        return builder.model()
    }

    /// `y = x + bias`, float32 `[b, 2]`; the input `bias` `[2]` has the default `[1, 2]` and may be left out.
    public static func optionalInput() throws -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b"), .fixed(2)]))
        builder.input("bias", .tensor(.float32, [.fixed(2)]))
        builder.output("y", .tensor(.float32, [.symbolic("b"), .fixed(2)]))
        builder.initializer("bias", try Tensor([1, 2] as [Float], shape: [2]))
        builder.node("Add", ["x", "bias"], ["y"])
        return builder.model()
    }

    /// Takes a long time: `y = x · W · W ...`, `iterations` times in a Loop; `W` is the identity, so `y = x`.
    ///
    /// Float32 `[b, 64]`. An engine that checks for cancellation between nodes can stop it at once.
    ///
    /// - Parameter iterations: `nil` makes them an input: `count`, an INT64 scalar.
    public static func slow(iterations: Int?) throws -> [UInt8] {
        let width = 64
        let type = ONNXBuilder.ValueType.tensor(.float32, [.symbolic("b"), .fixed(width)])
        var body = ONNXBuilder()
        body.graphName = "body"
        body.input("iteration", .tensor(.int64, []))
        body.input("go_on", .tensor(.bool, []))
        body.input("state", type)
        body.output("go_on_next", .tensor(.bool, []))
        body.output("state_next", type)
        body.node("Identity", ["go_on"], ["go_on_next"])
        body.node("MatMul", ["state", "weight"], ["state_next"])

        var builder = ONNXBuilder()
        builder.input("x", type)
        if let iterations {
            builder.initializer("count", try Tensor([Int64(iterations)], shape: []))
        } else {
            builder.input("count", .tensor(.int64, []))
        }
        builder.output("y", type)
        let unit = (0..<width * width).map { $0 % (width + 1) == 0 ? Float(1) : 0 }
        builder.initializer("weight", try Tensor(unit, shape: [width, width]))
        builder.initializer("start", try Tensor([true], shape: []))
        builder.node("Loop", ["count", "start", "x"], ["y"], [("body", .graph(body.graph()))])
        return builder.model()
    }
}
