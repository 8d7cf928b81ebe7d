// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayONNXRuntime
import SlipwayTestKit
import Synchronization
import Testing

extension Tag {
    /// Needs an engine's library in the engine cache.
    @Tag static var engine: Self
}

/// The one engine of this test run: ONNX Runtime keeps one environment for the whole process anyway.
enum TestEngine {
    static let library = EngineLibrary("onnxruntime-1.31.1/libonnxruntime.so.1")
    static let skipReason: Comment = "ONNX Runtime is not in the engine cache; Scripts/bootstrap puts it there"

    static let logLines = Mutex<[EngineLogLine]>([])

    private static let opened = Result<ONNXRuntimeEngine, any Error> {
        try ONNXRuntimeEngine(libraryPath: library.path, threads: 2) { line in logLines.withLock { $0.append(line) } }
    }

    static func open() throws -> ONNXRuntimeEngine { try opened.get() }

    /// Loads a model from its bytes; its file is gone afterwards.
    static func load(_ bytes: [UInt8], options: LoadOptions = LoadOptions()) throws -> any TensorModel {
        let folder = try ModelFolder()
        return try withExtendedLifetime(folder) {
            try open().load(try folder.bundle(bytes, as: "model.onnx"), options: options)
        }
    }
}

/// The code of an engine's error.
func code(_ error: any Error) -> EngineError.Code? { (error as? EngineError)?.code }
