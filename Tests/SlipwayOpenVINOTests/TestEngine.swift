// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayOpenVINO
import SlipwayTestKit
import Testing

extension Tag {
    /// Needs an engine's library in the engine cache.
    @Tag static var engine: Self
}

/// The one engine of this test run.
enum TestEngine {
    static let library = EngineLibrary("openvino-2026.4.1/libopenvino_c.so")
    static let skipReason: Comment = "OpenVINO is not in the engine cache; Scripts/bootstrap puts it there"

    private static let opened = Result<OpenVINOEngine, any Error> {
        try OpenVINOEngine(libraryPath: library.path) { _ in }
    }

    static func open() throws -> OpenVINOEngine { try opened.get() }

    /// Loads a model from its bytes; its file is gone afterwards.
    static func load(
        _ bytes: [UInt8], format: ModelFormat = .onnx, options: LoadOptions = LoadOptions()
    ) throws -> any TensorModel {
        let folder = try ModelFolder()
        return try withExtendedLifetime(folder) {
            try open().load(try folder.bundle(bytes, as: "model.onnx", format: format), options: options)
        }
    }
}

/// The code of an engine's error.
func code(_ error: any Error) -> EngineError.Code? { (error as? EngineError)?.code }
