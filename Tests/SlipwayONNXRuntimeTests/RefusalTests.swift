// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayONNXRuntime
import SlipwayTestKit
import Testing

@Suite(
    "Files that cannot be served", .tags(.engine),
    .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct RefusalTests {
    @Test(
        "are refused with the reason and what to do",
        arguments: [
            ("unknown operator", TinyModel.unknownOperator(), .unsupportedModel, "NoSuchOperator"),
            ("too new operator set", TinyModel.tooNewOpset(), .unsupportedModel, "newer ONNX"),
            ("too new IR", TinyModel.tooNewIR(), .unsupportedModel, "IR version 13"),
            ("complex numbers", TinyModel.foreignType(14), .unsupportedModel, "complex64"),
            ("8-bit floats", eightBitFloats(), .unsupportedModel, "8-bit float"),
            ("truncated", Array(TinyModel.identity().prefix(40)), .invalidModel, "damaged"),
            ("empty", [], .invalidModel, "damaged"),
            ("noise", (0..<500).map { UInt8(truncatingIfNeeded: $0 * 167 + 13) }, .invalidModel, "damaged"),
            ("missing external data", TinyModel.externalData(location: "w.bin"), .invalidModel, "beside the model"),
            ("external data outside", TinyModel.externalData(location: "../../w.bin"), .invalidModel, "external data"),
            (
                "external data by absolute path", TinyModel.externalData(location: "/etc/hostname"), .invalidModel,
                "external data"
            ),
        ] as [(String, [UInt8], EngineError.Code, String)])
    func refused(name: String, bytes: [UInt8], expected: EngineError.Code, words: String) {
        #expect {
            try TestEngine.load(bytes)
        } throws: { error in
            let text = "\(error)"
            return code(error) == expected && text.contains(words) && !text.contains("onnxruntime_src")
        }
    }

    private static func eightBitFloats() -> [UInt8] {
        var builder = ONNXBuilder()
        builder.irVersion = 9
        builder.opsets = [("", 19)]
        builder.input("x", .rawTensor(17, [.symbolic("b")]))
        builder.output("y", .rawTensor(17, [.symbolic("b")]))
        builder.node("Identity", ["x"], ["y"])
        return builder.model()
    }

    @Test("external data that is too short is refused, whole data is found beside the model")
    func externalData() throws {
        let folder = try ModelFolder()
        try folder.write(TinyModel.externalDataFile, as: "w.bin")
        let whole = try folder.bundle(TinyModel.externalData(location: "w.bin"), as: "whole.onnx")
        let model = try TestEngine.open().load(whole, options: LoadOptions())
        let x = try Tensor([10, 10, 10, 10] as [Float], shape: [1, 4])
        #expect(try model.run(["x": x])["y"]?.values(as: Float.self) == [11, 12, 13, 14])
        for (offset, length) in [(8, 16), (1 << 40, 16), (0, 1 << 40), (0, 8), (-4, 16)] {
            let bytes = TinyModel.externalData(location: "w.bin", offset: offset, length: length)
            let short = try folder.bundle(bytes, as: "short.onnx")
            #expect("offset \(offset), length \(length)") {
                try TestEngine.open().load(short, options: LoadOptions())
            } throws: { code($0) == .invalidModel }
        }
    }

    @Test("a file that is not there and a format that is not ONNX are refused")
    func otherFiles() throws {
        let engine = try TestEngine.open()
        let none = ModelSignature(inputs: [], outputs: [])
        let absent = ModelBundle(format: .onnx, path: "/nonexistent/m.onnx", signature: none)
        #expect { try engine.load(absent, options: LoadOptions()) } throws: { code($0) == .invalidModel }
        let foreign = ModelBundle(format: .gguf, path: "/nonexistent/m.gguf", signature: none)
        #expect {
            try engine.load(foreign, options: LoadOptions())
        } throws: { code($0) == .unsupportedModel && "\($0)".contains("GGUF") }
    }
}
