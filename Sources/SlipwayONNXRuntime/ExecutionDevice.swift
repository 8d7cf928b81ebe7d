// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// A device as commands name it, and the execution provider of ONNX Runtime that drives it.
struct ExecutionDevice: Equatable {
    /// How the provider is added to a session's options.
    enum Registration {
        /// The processor is always there.
        case builtIn
        /// CUDA has functions of its own in the table.
        case cuda
        /// By this short name through the general function.
        case named(String)
    }

    static let providers: [(device: String, provider: String, registration: Registration)] = [
        ("cpu", "CPUExecutionProvider", .builtIn),
        ("cuda", "CUDAExecutionProvider", .cuda),
        ("coreml", "CoreMLExecutionProvider", .named("CoreML")),
        ("dml", "DmlExecutionProvider", .named("DML")),
        ("migraphx", "MIGraphXExecutionProvider", .named("MIGraphX")),
        ("openvino", "OpenVINOExecutionProvider", .named("OpenVINO")),
        ("qnn", "QNNExecutionProvider", .named("QNN")),
        ("webgpu", "WebGpuExecutionProvider", .named("WebGPU")),
        ("xnnpack", "XnnpackExecutionProvider", .named("XNNPACK")),
    ]

    let name: String
    /// Which one of several: 1 in `cuda:1`; `nil` leaves it to the provider.
    let index: Int?

    /// Reads `cpu`, `cuda` or `cuda:1`.
    ///
    /// - Throws: ``EngineError`` `unsupportedDevice` when the library with these `providers` has no such device.
    init(_ text: String, offered providers: [String]) throws(EngineError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let index = parts.count == 2 ? Int(parts[1]) : nil
        let offered = Self.names(offered: providers)
        guard let name = parts.first, offered.contains(name), parts.count == 1 || (name != "cpu" && index ?? -1 >= 0)
        else {
            throw EngineError(
                code: .unsupportedDevice,
                message: "this ONNX Runtime library cannot run on device '\(text)', it offers "
                    + "[\(offered.joined(separator: ", "))]. For another device open a build made for it")
        }
        self.name = name
        self.index = index
    }

    /// Names of the devices that a library with these `providers` offers.
    static func names(offered providers: [String]) -> [String] {
        Self.providers.filter { providers.contains($0.provider) }.map(\.device)
    }

    var registration: Registration {
        Self.providers.first { $0.device == name }?.registration ?? .builtIn
    }
}
