// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayOpenVINO
import SlipwayTestKit
import Testing

@Suite("Models in OpenVINO", .tags(.engine), .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct ModelTests {
    @Test("names with a colon, and those of the file where the library merges two, are the file's")
    func names() throws {
        var builder = ONNXBuilder()
        builder.input("serving_default_x:0", .tensor(.float32, [.symbolic("rows"), .fixed(2)]))
        builder.output("StatefulPartitionedCall:1", .tensor(.float32, [.symbolic("rows"), .fixed(2)]))
        builder.output("StatefulPartitionedCall:0", .tensor(.float32, [.symbolic("rows"), .fixed(2)]))
        builder.node("Identity", ["serving_default_x:0"], ["StatefulPartitionedCall:0"])
        builder.node("Neg", ["serving_default_x:0"], ["StatefulPartitionedCall:1"])
        let model = try TestEngine.load(builder.model())
        #expect(model.signature.inputs.map(\.name) == ["serving_default_x:0"])
        #expect(model.signature.outputs.map(\.name) == ["StatefulPartitionedCall:1", "StatefulPartitionedCall:0"])
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        let all = try model.run(["serving_default_x:0": x])
        #expect(all["StatefulPartitionedCall:0"]?.values(as: Float.self) == [1, 2])
        #expect(all["StatefulPartitionedCall:1"]?.values(as: Float.self) == [-1, -2])
        let one = try model.run(["serving_default_x:0": x], outputs: ["StatefulPartitionedCall:0"])
        #expect(one.names == ["StatefulPartitionedCall:0"])
        #expect(try model.run(["serving_default_x:0": x], outputs: []).isEmpty)
    }

    @Test("extents that vary keep the names that the file gives them")
    func symbols() throws {
        let folder = try ModelFolder()
        let path = try folder.write(TinyModel.identity(), as: "model.onnx")
        let spec = { TensorSpec(name: $0, elementType: .float32, shape: [.symbolic("b"), .symbolic("n")]) }
        let bundle = ModelBundle(
            format: .onnx, path: path, signature: ModelSignature(inputs: [spec("x")], outputs: [spec("y")]))
        let model = try TestEngine.open().load(bundle, options: LoadOptions())
        #expect(model.signature == bundle.signature)
    }

    @Test("ports without names get stable ones, and IR is read with its weights beside it")
    func unnamedPorts() throws {
        let folder = try ModelFolder()
        try folder.write(IRModel.weights, as: "net.bin")
        let bundle = try folder.bundle(IRModel.graph(), as: "net.xml", format: .openVINO)
        let model = try TestEngine.open().load(bundle, options: LoadOptions())
        #expect(model.signature.inputs.map(\.name) == ["input_0"])
        #expect(model.signature.outputs.map(\.name) == ["output_0"])
        #expect(model.signature.inputs.first?.shape == [.dynamic, .fixed(2)])
        let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        #expect(try model.run(["input_0": x])["output_0"]?.values(as: Float.self) == [11, 22, 13, 24])
    }

    @Test("a frozen graph of TensorFlow is read as it is")
    func frozenGraph() throws {
        let model = try TestEngine.load(TinyModel.tensorFlowGraph(), format: .tensorFlowGraph)
        #expect(model.signature.inputs.map(\.name) == ["x:0"])
        let output = try #require(model.signature.outputs.first?.name)
        #expect(output.hasPrefix("y"))
        let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        #expect(try model.run(["x:0": x])[output]?.values(as: Float.self) == [2, 4, 6, 8])
    }

    @Test("a file whose name tells nothing is read for what it is")
    func foreignName() throws {
        let folder = try ModelFolder()
        try folder.write(IRModel.weights, as: "blob.bin")
        let bundle = try folder.bundle(IRModel.graph(), as: "blob", format: .openVINO)
        let model = try TestEngine.open().load(bundle, options: LoadOptions())
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        #expect(try model.run(["input_0": x])["output_0"]?.values(as: Float.self) == [11, 22])
    }

    @Test(
        "an extent that the model's operators refuse is the caller's mistake, never another call's answer",
        arguments: [LoadOptions(), LoadOptions(threadsPerCall: 2), LoadOptions(lanes: 2)])
    func wrongExtents(options: LoadOptions) throws {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("a")]))
        builder.input("x1", .tensor(.float32, [.symbolic("b")]))
        builder.output("y", .tensor(.float32, [.symbolic("c")]))
        builder.node("Add", ["x", "x1"], ["y"])
        let model = try TestEngine.load(builder.model(), options: options)
        let (two, three) = (try Tensor([1, 2] as [Float], shape: [2]), try Tensor([1, 2, 3] as [Float], shape: [3]))
        for _ in 0..<3 {
            #expect(try model.run(["x": two, "x1": two])["y"]?.values(as: Float.self) == [2, 4])
            #expect { try model.run(["x": two, "x1": three]) } throws: { code($0) == .inputMismatch }
            #expect(try model.run(["x": three, "x1": three])["y"]?.values(as: Float.self) == [2, 4, 6])
        }
    }

    @Test("a call that is cancelled ends between two operators", .timeLimit(.minutes(1)))
    func cancellation() async throws {
        let model = try TestEngine.load(try Self.longChain())
        let flag = CancellationFlag()
        async let outcome = Self.outcome(of: model, flag)
        for _ in 0..<500 { await Task.yield() }
        flag.cancel()
        #expect(await outcome == .cancelled)
        let row = [Float](repeating: 1, count: Self.width)
        let x = try Tensor(row, shape: [1, Self.width])
        #expect(try model.run(["x": x])["y"]?.values(as: Float.self) == row)
    }

    private static let width = 512

    /// Runs seven million million multiplications and additions, which no core does in the test's time; the code of
    /// the error it ends with.
    private static func outcome(of model: any TensorModel, _ flag: CancellationFlag) async -> EngineError.Code? {
        do {
            _ = try await LoaderThread.run {
                let rows = 1 << 15
                let x = try Tensor([Float](repeating: 1, count: rows * width), shape: [rows, width])
                return try model.predict(["x": x], requestedOutputs: nil, cancellation: flag)
            }
            return nil
        } catch {
            return code(error)
        }
    }

    /// Four hundred products with the identity matrix, one after the other: `y = x`, `[b, width]`.
    private static func longChain() throws -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b"), .fixed(width)]))
        builder.output("y", .tensor(.float32, [.symbolic("b"), .fixed(width)]))
        let unit = (0..<width * width).map { $0 % (width + 1) == 0 ? Float(1) : 0 }
        builder.initializer("weight", try Tensor(unit, shape: [width, width]))
        let count = 400
        for index in 0..<count {
            builder.node(
                "MatMul", [index == 0 ? "x" : "h\(index)", "weight"], [index == count - 1 ? "y" : "h\(index + 1)"])
        }
        return builder.model()
    }

    @Test("32-bit floats stay so unless another precision is asked for and there is one", arguments: [5, 40])
    func precision(width: Int) throws {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b"), .fixed(width)]))
        builder.output("y", .tensor(.float32, [.symbolic("b"), .fixed(1)]))
        builder.initializer("weight", try Tensor([Float](repeating: 1, count: width), shape: [width, 1]))
        builder.node("MatMul", ["x", "weight"], ["y"])
        // 1 + 2^-12 is no brain float, of which the mantissa has 8 bits.
        let x = try Tensor([Float](repeating: 1 + 1 / 4096, count: width), shape: [1, width])
        let sum = Float(width) + Float(width) / 4096
        let exact = try TestEngine.load(builder.model()).run(["x": x])["y"]?.values(as: Float.self)
        #expect(exact == [sum])
        do {
            let model = try TestEngine.load(builder.model(), options: LoadOptions(precision: .bf16))
            let coarse = try #require(try model.run(["x": x])["y"]?.values(as: Float.self)?.first)
            // Inputs or sums are rounded to 8 bits: within 2^-7 of the sum.
            #expect(abs(coarse - sum) <= sum / 128)
        } catch let error as EngineError {
            #expect(error.code == .unsupportedDevice && error.message.contains("bf16"))
        }
    }
}

/// `y = x + [10, 20]` in OpenVINO's IR, float32 `[?, 2]`, its ports without names.
enum IRModel {
    static let weights: [UInt8] = [0, 0, 0x20, 0x41, 0, 0, 0xA0, 0x41]

    static func graph(operation: String = "Add", type: String = "f32") -> [UInt8] {
        let precision = type.uppercased().replacing("F32", with: "FP32")
        let port = { (id: Int, extents: [Int]) in
            "<port id=\"\(id)\" precision=\"\(precision)\">"
                + extents.map { "<dim>\($0)</dim>" }.joined() + "</port>"
        }
        let text = """
            <?xml version="1.0"?><net name="tiny" version="11"><layers>
            <layer id="0" name="x" type="Parameter" version="opset1"><data shape="?,2" element_type="\(type)"/>
            <output>\(port(0, [-1, 2]))</output></layer>
            <layer id="1" name="c" type="Const" version="opset1">
            <data element_type="f32" shape="1,2" offset="0" size="8"/><output>\(port(0, [1, 2]))</output></layer>
            <layer id="2" name="s" type="\(operation)" version="opset1"><data auto_broadcast="numpy"/>
            <input>\(port(0, [-1, 2]))\(port(1, [1, 2]))</input><output>\(port(2, [-1, 2]))</output></layer>
            <layer id="3" name="r" type="Result" version="opset1"><input>\(port(0, [-1, 2]))</input></layer>
            </layers><edges><edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
            <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
            <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/></edges></net>
            """
        return Array(text.utf8)
    }
}
