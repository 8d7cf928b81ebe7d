// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayCore
import SlipwayEngine

/// A compiled model and what it takes and gives; given back with the last reference.
final class CompiledModel: @unchecked Sendable {
    // Unchecked: the library lets any thread make requests of a compiled model; all else is constant.
    let core: OpenVINOCore
    let handle: OpaquePointer
    let signature: ModelSignature
    /// Bytes of the model's files.
    let fileBytes: Int

    var library: OpenVINOLibrary { core.library }

    /// Opens the model by its path, so that weights beside it are found and may be of any size.
    init(_ bundle: ModelBundle, options: LoadOptions, core: OpenVINOCore) throws(EngineError) {
        let files = try ModelFiles(bundle)
        let device = try core.device(options.device)
        let made = try core.load { () throws(EngineError) in
            // The library reads the files by their names, which go with `files`.
            try withExtendedLifetime(files) { () throws(EngineError) in
                try Self.load(bundle, files, device, options, core)
            }
        }
        (handle, signature) = (made.handle, made.signature)
        fileBytes = files.byteCount
        self.core = core
    }

    deinit { library.calls.pointee.ov_compiled_model_free(handle) }

    /// What a load gives.
    private struct Made: @unchecked Sendable {
        // Unchecked: the handle goes from the load to its model and nowhere else.
        let handle: OpaquePointer
        let signature: ModelSignature
    }

    private static func load(
        _ bundle: ModelBundle, _ files: ModelFiles, _ device: OpenVINOCore.Device, _ options: LoadOptions,
        _ core: OpenVINOCore
    ) throws(EngineError) -> Made {
        let library = core.library
        var read: OpaquePointer?
        try library.check(
            library.calls.pointee.ov_core_read_model(core.handle, files.path, files.weights, &read),
            .read(bundle.format.displayName))
        let model = try OpenVINOLibrary.present(read)
        defer { library.calls.pointee.ov_model_free(model) }
        let signature = try ModelPorts(model, library).signature(bundle.signature)
        let settings = CompileSettings(options, isProcessor: device.key == "CPU")
        var made: OpaquePointer?
        try library.check(
            settings.with {
                library.calls.pointee.ov_core_compile_model_props(core.handle, model, device.key, $0, $1, &made)
            },
            .compile)
        let compiled = try OpenVINOLibrary.present(made)
        do throws(EngineError) {
            try checkPrecision(compiled, options.precision, library)
        } catch {
            library.calls.pointee.ov_compiled_model_free(compiled)
            throw error
        }
        return Made(handle: compiled, signature: signature)
    }

    /// A device without the precision asked for would quietly take another.
    private static func checkPrecision(
        _ compiled: OpaquePointer, _ wanted: InferencePrecision, _ library: OpenVINOLibrary
    ) throws(EngineError) {
        let taken = property("INFERENCE_PRECISION_HINT", of: compiled, library) ?? "unknown"
        guard taken != wanted.rawValue else { return }
        throw EngineError(
            code: .unsupportedDevice,
            message: "the device computes in \(taken) and not in \(wanted.rawValue), which was asked for: "
                + "deploy it with precision \(taken == "f32" ? "f32" : "f32, or on device cpu")")
    }

    private static func property(_ key: String, of compiled: OpaquePointer, _ library: OpenVINOLibrary) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard library.calls.pointee.ov_compiled_model_get_property(compiled, key, &text) == SLIPWAY_OV_OK else {
            return nil
        }
        return library.take(text)
    }
}
