// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
public import SlipwayEngine

/// The models that ``EngineConformance`` runs.
public struct ConformanceModels: Sendable {
    /// `y = x`, float32 `[b, n]`.
    public let identity: ModelBundle
    /// `y = x + x1`, float32 `[b, n]`.
    public let add: ModelBundle
    /// `y = x + x`, a float32 scalar.
    public let scalar: ModelBundle
    /// `y = x`, BYTES `[b]`; `nil` for engines without strings.
    public let strings: ModelBundle?
    /// `y = x`, float32 `[b, 64]`, by as many products with the identity matrix as `count` (INT64, a scalar) says;
    /// `nil` for engines that cannot be stopped.
    public let loop: ModelBundle?
    private let folder: ModelFolder

    /// Writes the models as ONNX files, for engines that read those.
    ///
    /// - Parameters:
    ///   - strings: `false` for an engine that refuses strings.
    ///   - loop: `false` for an engine that cannot be stopped inside a loop.
    public static func onnx(strings: Bool = true, loop: Bool = true) throws -> ConformanceModels {
        let folder = try ModelFolder()
        return ConformanceModels(
            identity: try folder.bundle(TinyModel.identity(), as: "identity.onnx"),
            add: try folder.bundle(TinyModel.add(), as: "add.onnx"),
            scalar: try folder.bundle(TinyModel.scalar(), as: "scalar.onnx"),
            strings: strings
                ? try folder.bundle(
                    TinyModel.identity(elementType: .bytes, shape: [.symbolic("b")]), as: "strings.onnx") : nil,
            loop: loop ? try folder.bundle(loopModel(), as: "loop.onnx") : nil, folder: folder)
    }

    private static func loopModel() throws -> [UInt8] {
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
        builder.input("count", .tensor(.int64, []))
        builder.output("y", type)
        let unit = (0..<width * width).map { $0 % (width + 1) == 0 ? Float(1) : 0 }
        builder.initializer("weight", try Tensor(unit, shape: [width, width]))
        builder.initializer("start", try Tensor([true], shape: []))
        builder.node("Loop", ["count", "start", "x"], ["y"], [("body", .graph(body.graph()))])
        return builder.model()
    }
}
