// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayTestKit
import Testing

@Suite("Signatures of sessions", .tags(.engine), .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct SignatureTests {
    @Test("fixed, dynamic and symbolic dimensions are told apart")
    func dimensions() throws {
        let shape: [Dimension] = [.symbolic("batch"), .fixed(3), .dynamic]
        let model = try TestEngine.load(TinyModel.identity(shape: shape))
        #expect(model.signature.inputs == [TensorSpec(name: "x", elementType: .float32, shape: shape)])
        #expect(model.maximumBatchSize == nil)
    }

    @Test("a scalar has no dimensions, an unknown rank has no shape")
    func ranks() throws {
        #expect(try TestEngine.load(TinyModel.identity(shape: [])).signature.inputs.first?.shape == [])
        let unknown = try TestEngine.load(TinyModel.identity(shape: nil))
        #expect(unknown.signature.inputs.first?.shape == .some(nil))
        let value = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 1, 2])
        #expect(try unknown.run(["x": value])["y"]?.shape == [2, 1, 2])
    }

    @Test("a fixed first dimension limits the batch")
    func batchLimit() throws {
        let model = try TestEngine.load(TinyModel.identity(shape: [.fixed(4), .dynamic]))
        #expect(model.maximumBatchSize == 4)
        #expect(!model.signature.hasVariableFirstDimension)
    }

    @Test("an input with a default comes back as optional and may be left out or given")
    func initializer() throws {
        let model = try TestEngine.load(TinyModel.optionalInput())
        #expect(model.signature.inputs.map(\.name) == ["x", "bias"])
        #expect(model.signature.inputs.map(\.isOptional) == [false, true])
        let x = try Tensor([10, 20] as [Float], shape: [1, 2])
        #expect(try model.run(["x": x])["y"]?.values(as: Float.self) == [11, 22])
        let bias = try Tensor([5, 6] as [Float], shape: [2])
        #expect(try model.run(["bias": bias, "x": x])["y"]?.values(as: Float.self) == [15, 26])
        #expect(try model.run(["x": x])["y"]?.values(as: Float.self) == [11, 22])
    }

    @Test("every element type passes through bit for bit", arguments: ElementType.allCases.filter { $0 != .bytes })
    func elementTypes(type: ElementType) throws {
        let width = try #require(type.byteWidth)
        let bytes = (0..<6 * width).map { type == .bool ? UInt8($0 % 2) : UInt8(truncatingIfNeeded: $0 * 41 + 3) }
        let storage = bytes.withUnsafeBytes { TensorStorage(copying: $0) }
        let tensor = try Tensor(elementType: type, shape: [2, 3], storage: storage)
        let model = try TestEngine.load(TinyModel.identity(elementType: type))
        let result = try #require(try model.run(["x": tensor])["y"])
        #expect(result.elementType == type)
        #expect(result.shape == [2, 3])
        #expect(Array(result.storage.bytes) == bytes)
    }

    @Test("outputs come in the order asked for, and only those")
    func requestedOutputs() throws {
        var builder = ONNXBuilder()
        let type = ONNXBuilder.ValueType.tensor(.float32, [.symbolic("b")])
        builder.input("x", type)
        for name in ["a", "b", "c"] {
            builder.output(name, type)
            builder.node(name == "a" ? "Neg" : name == "b" ? "Abs" : "Identity", ["x"], [name])
        }
        let model = try TestEngine.load(builder.model())
        let inputs: NamedTensors = ["x": try Tensor([-1, 2] as [Float], shape: [2])]
        #expect(try model.run(inputs).names == ["a", "b", "c"])
        let some = try model.run(inputs, outputs: ["c", "a"])
        #expect(some.names == ["c", "a"])
        #expect(some["a"]?.values(as: Float.self) == [1, -2])
        #expect(some["c"]?.values(as: Float.self) == [-1, 2])
        #expect(try model.run(inputs, outputs: ["b", "b"]).names == ["b"])
        #expect(try model.run(inputs, outputs: []).isEmpty)
    }
}
