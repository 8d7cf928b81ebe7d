// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayOpenVINO
import SlipwayTestKit
import Testing

@Suite(
    "Files that OpenVINO cannot serve", .tags(.engine),
    .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct RefusalTests {
    private static let strings = TinyModel.identity(elementType: .bytes, shape: [.symbolic("b")])
    /// A recurrent node behind one whose type has so many letters.
    private static func recurrent(_ pad: Int) -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("t"), .symbolic("b"), .fixed(1)]))
        builder.output("y", .tensor(.float32, [.symbolic("t"), .fixed(1), .symbolic("b"), .fixed(1)]))
        builder.node(String(repeating: "N", count: pad), ["x"], ["z"])
        builder.node("LSTM", ["z"], ["y"])
        return builder.model()
    }
    private static let noise = (0..<500).map { UInt8(truncatingIfNeeded: $0 * 167 + 13) }

    /// A file, what is said of it, and why it is refused.
    struct Case: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let format: ModelFormat
        let code: EngineError.Code
        let words: String
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ format: ModelFormat, _ code: EngineError.Code, _ words: String) {
            self.name = name
            self.bytes = bytes
            self.format = format
            self.code = code
            self.words = words
        }
    }

    @Test(
        "are refused with the reason and what to do",
        arguments: [
            Case("unknown operator", TinyModel.unknownOperator(), .onnx, .unsupportedModel, "NoSuchOperator"),
            Case("classic estimator", TinyModel.zipMap(), .onnx, .unsupportedModel, "onnxruntime"),
            Case("recurrent node", recurrent(1), .onnx, .unsupportedModel, "LSTM nodes"),
            Case("recurrent node further on", recurrent(1 << 20), .onnx, .unsupportedModel, "LSTM nodes"),
            Case("strings", strings, .onnx, .unsupportedModel, "strings"),
            Case("truncated", Array(TinyModel.identity().prefix(40)), .onnx, .invalidModel, "damaged"),
            Case("empty", [], .onnx, .invalidModel, "damaged"),
            Case("noise", noise, .onnx, .invalidModel, "damaged"),
            Case("TensorFlow Lite", Array("\0\0\0\0TFL3".utf8) + noise, .tflite, .invalidModel, "damaged"),
            Case("noise as a graph", noise, .tensorFlowGraph, .invalidModel, "damaged"),
            Case("noise as IR", noise, .openVINO, .invalidModel, "damaged"),
            Case("IR without its weights", IRModel.graph(), .openVINO, .invalidModel, "bin file"),
            Case("Paddle without its weights", noise, .paddle, .invalidModel, "pdiparams"),
            Case("SavedModel that is none", noise, .savedModel, .invalidModel, "saved_model.pb"),
            Case("GGUF", noise, .gguf, .unsupportedModel, "GGUF"),
        ])
    func refused(_ refusal: Case) {
        #expect {
            try TestEngine.load(refusal.bytes, format: refusal.format)
        } throws: { error in
            let text = "\(error)"
            return code(error) == refusal.code && text.contains(refusal.words) && !text.contains("src/")
        }
    }

    @Test("IR with an operation that the library does not have is refused with its name")
    func unknownOperation() throws {
        let folder = try ModelFolder()
        try folder.write(IRModel.weights, as: "net.bin")
        let bundle = try folder.bundle(IRModel.graph(operation: "NoSuchThing"), as: "net.xml", format: .openVINO)
        #expect {
            try TestEngine.open().load(bundle, options: LoadOptions())
        } throws: { code($0) == .unsupportedModel && "\($0)".contains("NoSuchThing") }
    }

    @Test("a file that is not there is refused")
    func absent() throws {
        let none = ModelSignature(inputs: [], outputs: [])
        for format in OpenVINOEngine.formats {
            let bundle = ModelBundle(format: format, path: "/nonexistent/model", signature: none)
            #expect {
                try TestEngine.open().load(bundle, options: LoadOptions())
            } throws: { code($0) == .invalidModel && "\($0)".contains("/nonexistent/model") }
        }
    }
}
