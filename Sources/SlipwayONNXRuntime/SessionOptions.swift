// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// A session's options, given back at the end of their scope.
final class SessionOptions {
    let handle: OpaquePointer
    private let library: ORTLibrary

    /// - Throws: ``EngineError`` `unsupportedDevice` when the library cannot run on the device asked for.
    init(_ bundle: ModelBundle, _ options: LoadOptions, _ environment: ORTEnvironment) throws(EngineError) {
        library = environment.library
        let device = try ExecutionDevice(options.device, offered: library.providers)
        var created: OpaquePointer?
        try library.check(library.api.pointee.CreateSessionOptions(&created), .load)
        handle = try ORTLibrary.present(created)
        try setUp(bundle, options, environment)
        try append(device)
    }

    deinit { library.api.pointee.ReleaseSessionOptions(handle) }

    private func setUp(
        _ bundle: ModelBundle, _ options: LoadOptions, _ environment: ORTEnvironment
    ) throws(EngineError) {
        let api = library.api
        try library.check(api.pointee.SetSessionExecutionMode(handle, ORT_SEQUENTIAL), .load)
        try library.check(api.pointee.SetSessionGraphOptimizationLevel(handle, ORT_ENABLE_ALL), .load)
        if options.threadsPerCall > 1 {
            try library.check(api.pointee.DisablePerSessionThreads(handle), .load)
        } else {
            // One thread is the lane itself: the session starts none, and nothing is handed between threads.
            try library.check(api.pointee.SetIntraOpNumThreads(handle, 1), .load)
            try library.check(api.pointee.SetInterOpNumThreads(handle, 1), .load)
        }
        // A memory plan is kept for every combination of input shapes ever seen, so it is only for fixed shapes.
        if !bundle.signature.inputs.allSatisfy(\.hasFixedShape) {
            try library.check(api.pointee.DisableMemPattern(handle), .load)
        }
        // The format is what the importer found, not what the file's name ends with.
        try set("session.load_model_format", bundle.format == .ort ? "ORT" : "ONNX")
        // The arena is the session's own (session.use_env_allocators stays off): unloading gives all of it back,
        // while a shared one would keep the peak of every model that ever ran.
        if let prefix = options.profilePathPrefix {
            try library.check(api.pointee.EnableProfiling(handle, prefix), .load)
        }
    }

    private func set(_ key: String, _ value: String) throws(EngineError) {
        try library.check(library.api.pointee.AddSessionConfigEntry(handle, key, value), .load)
    }

    private func append(_ device: ExecutionDevice) throws(EngineError) {
        let key = device.index == nil ? [] : ["device_id"]
        let value = device.index.map { [String($0)] } ?? []
        switch device.registration {
        case .builtIn:
            break
        case .named(let name):
            let status = CStrings.with(key) { keys in
                CStrings.with(value) { values in
                    library.api.pointee.SessionOptionsAppendExecutionProvider(handle, name, keys, values, key.count)
                }
            }
            try checkDevice(status, device)
        case .cuda:
            var cuda: OpaquePointer?
            try checkDevice(library.api.pointee.CreateCUDAProviderOptions(&cuda), device)
            defer { library.api.pointee.ReleaseCUDAProviderOptions(cuda) }
            let status = CStrings.with(key) { keys in
                CStrings.with(value) { values in
                    library.api.pointee.UpdateCUDAProviderOptions(cuda, keys, values, key.count)
                }
            }
            try checkDevice(status, device)
            try checkDevice(
                library.api.pointee.SessionOptionsAppendExecutionProvider_CUDA_V2(handle, cuda), device)
        }
    }

    private func checkDevice(_ status: OpaquePointer?, _ device: ExecutionDevice) throws(EngineError) {
        guard let status else { return }
        let failure = ORTFailure(taking: status, library.api)
        throw EngineError(
            code: .unsupportedDevice,
            message: "device '\(device.name)' cannot be used: \(failure.message). "
                + "Check its driver and that its libraries are found by the loader")
    }
}

extension TensorSpec {
    fileprivate var hasFixedShape: Bool {
        guard form == .tensor, let shape else { return false }
        return shape.allSatisfy { if case .fixed = $0 { true } else { false } }
    }
}
