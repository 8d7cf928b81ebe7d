// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine

/// ONNX Runtime, opened at run time.
///
/// All its models share one pool of threads. A model has one session, which all its lanes call.
package final class ONNXRuntimeEngine: InferenceEngine {
    package static let engineName = "onnxruntime"

    package let name = ONNXRuntimeEngine.engineName
    package let version: String
    package let capabilities: EngineCapabilities
    private let environment: ORTEnvironment

    /// Opens the library and starts its thread pool.
    ///
    /// Call it from a thread of normal priority: the pool's threads inherit its niceness.
    ///
    /// - Parameters:
    ///   - libraryPath: Of `libonnxruntime.so.1`, 1.24 or newer; a build for an accelerator adds its devices.
    ///   - threads: Threads of the shared pool, a calling lane included; from the core budget.
    ///   - log: Takes the library's log lines, on any thread; must not block.
    /// - Throws: ``EngineError`` `libraryMissing` or `libraryUnusable`.
    package init(
        libraryPath: String, threads: Int, log: @escaping @Sendable (EngineLogLine) -> Void
    ) throws(EngineError) {
        let library = try ORTLibrary(path: libraryPath)
        environment = try ORTEnvironment(library: library, threads: threads, log: log)
        version = library.version
        capabilities = EngineCapabilities(
            formats: [.onnx, .ort], devices: ExecutionDevice.names(offered: library.providers))
    }

    package func load(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any TensorModel {
        try ONNXRuntimeModel(bundle, options: options, environment: environment)
    }
}
