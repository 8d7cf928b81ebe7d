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
            loop: loop ? try folder.bundle(TinyModel.slow(iterations: nil), as: "loop.onnx") : nil, folder: folder)
    }
}
