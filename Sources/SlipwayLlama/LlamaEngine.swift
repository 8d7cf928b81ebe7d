// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine

/// llama.cpp, opened at run time.
///
/// Models share nothing but the code; every session brings its own threads.
package final class LlamaEngine: InferenceEngine {
    package static let engineName = "llama"

    package let name = LlamaEngine.engineName
    package let version: String
    package let capabilities = EngineCapabilities(
        formats: [.gguf], languageFormats: [.gguf], devices: ["cpu"])
    /// The instruction sets that llama.cpp uses here.
    package let systemInfo: String
    private let library: LlamaLibrary

    /// Opens the library.
    ///
    /// - Parameters:
    ///   - libraryPath: Of `libslipway_llama.so`, built from the `Engines/llama` of this very version.
    ///   - log: Takes the library's log lines, on any thread; must not block. The first engine's is the one used.
    /// - Throws: ``EngineError`` `libraryMissing` or `libraryUnusable`.
    package init(
        libraryPath: String, log: @escaping @Sendable (EngineLogLine) -> Void
    ) throws(EngineError) {
        library = try LlamaLibrary(path: libraryPath, log: log)
        version = library.version
        systemInfo = library.systemInfo
    }

    package func loadLanguageModel(
        _ bundle: ModelBundle, options: LoadOptions
    ) throws(EngineError) -> any LanguageModel {
        guard options.device == "cpu" else {
            throw EngineError(
                code: .unsupportedDevice,
                message: "device '\(options.device)' is not available, engine '\(name)' has [cpu]")
        }
        guard bundle.format == .gguf else {
            throw EngineError(
                code: .unsupportedModel, message: "engine '\(name)' does not read \(bundle.format.displayName)")
        }
        return try LlamaModel(path: bundle.path, library: library)
    }
}
