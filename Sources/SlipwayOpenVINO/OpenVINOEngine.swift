// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// OpenVINO, opened at run time: reads TensorFlow, TensorFlow Lite, PaddlePaddle and its own IR as they are, and ONNX.
///
/// A version is compiled once; each of its lanes has an inference request of its own.
package final class OpenVINOEngine: InferenceEngine {
    package static let engineName = "openvino"
    package static let formats: [ModelFormat] = [.onnx, .savedModel, .tensorFlowGraph, .tflite, .paddle, .openVINO]

    package let name = OpenVINOEngine.engineName
    package let version: String
    package let capabilities: EngineCapabilities
    private let core: OpenVINOCore

    /// Opens the library.
    ///
    /// Call it from a thread of normal priority: the library's threads inherit its niceness.
    ///
    /// - Parameters:
    ///   - libraryPath: Of `libopenvino_c.so`, 2026.4 or newer, its sibling libraries beside it; a GPU's plug-in among
    ///     them adds its devices.
    ///   - log: Takes the library's log lines, on any thread; must not block.
    /// - Throws: ``EngineError`` `libraryMissing` or `libraryUnusable`.
    package init(
        libraryPath: String, log: @escaping @Sendable (EngineLogLine) -> Void
    ) throws(EngineError) {
        let library = try OpenVINOLibrary(path: libraryPath)
        OpenVINOLog.connect(library, log)
        core = try OpenVINOCore(library: library)
        version = library.version
        capabilities = EngineCapabilities(
            formats: Self.formats, devices: core.devices.map(\.name), precisions: [.f32, .bf16])
    }

    package func load(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any TensorModel {
        if bundle.format == .onnx { try RecurrentNodes.refuse(in: bundle.path) }
        return try OpenVINOModel(bundle, options: options, core: core)
    }
}
