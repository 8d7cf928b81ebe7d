// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayONNXRuntime
import SlipwayTestKit
import Testing

@Suite(
    "Sequences, class maps and optionals", .tags(.engine),
    .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct StructureTests {
    @Test(
        "class maps become one tensor of scores",
        arguments: [
            (TinyModel.ClassKeys.integers, ["10", "20", "30"]), (.strings, ["cat", "dog", "owl"]),
        ])
    func zipMap(keys: TinyModel.ClassKeys, labels: [String]) throws {
        let model = try #require(try TestEngine.load(TinyModel.zipMap(keys)) as? ONNXRuntimeModel)
        let spec = try #require(model.signature.outputs.last)
        #expect(
            spec
                == TensorSpec(
                    name: "probabilities", elementType: .float32, shape: [.dynamic, .dynamic], form: .classScores))
        let x = try Tensor([0, 0, 1, 0] as [Float], shape: [2, 2])
        let result = try model.run(["x": x])
        #expect(result.names == ["label", "probabilities"])
        let scores = try #require(result["probabilities"])
        #expect(scores.shape == [2, 3])
        let values = try #require(scores.values(as: Float.self))
        // softmax of [0, 0.5, 1] and of [0, 1.5, 3], to float32's six digits.
        let expected: [Float] = [0.186324, 0.307196, 0.506480, 0.039113, 0.175290, 0.785597]
        for (value, wanted) in zip(values, expected) { #expect(abs(value - wanted) < 1e-5) }
        #expect(model.classLabels == ["probabilities": labels])
        let none = try model.run(["x": Tensor([] as [Float], shape: [0, 2])], outputs: ["probabilities"])
        #expect(none["probabilities"]?.shape.dimensions.first == 0)
    }

    @Test("a sequence comes out as numbered tensors and their number")
    func sequenceOutput() throws {
        let model = try TestEngine.load(TinyModel.sequenceOutput())
        #expect(model.signature.outputs.first?.form == .sequence)
        let inputs: NamedTensors = ["x": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])]
        let all = try model.run(inputs)
        #expect(all.names == ["pieces.0", "pieces.1", "pieces.2", "pieces.length"])
        #expect(all["pieces.1"]?.values(as: Float.self) == [3, 4])
        #expect(all["pieces.length"]?.values(as: Int64.self) == [3])
        #expect(all["pieces.length"]?.shape == [])
        #expect(try model.run(inputs, outputs: ["pieces"]).names == all.names)
        let some = try model.run(inputs, outputs: ["pieces.length", "pieces.2"])
        #expect(some.names == ["pieces.length", "pieces.2"])
        #expect(some["pieces.2"]?.values(as: Float.self) == [5, 6])
        for name in ["pieces.3", "pieces.-1", "pieces.01", "pieces.x", "piece"] {
            #expect { try model.run(inputs, outputs: [name]) } throws: { code($0) == .inputMismatch }
        }
    }

    @Test("a sequence goes in as numbered tensors, in any order, with or without their number")
    func sequenceInput() throws {
        let model = try TestEngine.load(TinyModel.sequenceInput())
        let one = try Tensor([1, 2] as [Float], shape: [1, 2])
        let two = try Tensor([3, 4, 5, 6] as [Float], shape: [2, 2])
        let length = try Tensor([2] as [Int64], shape: [])
        let requests: [NamedTensors] = [
            ["pieces.0": one, "pieces.1": two], ["pieces.1": two, "pieces.0": one],
            ["pieces.length": length, "pieces.0": one, "pieces.1": two],
        ]
        for request in requests {
            #expect(try model.run(request)["y"]?.values(as: Float.self) == [1, 2, 3, 4, 5, 6])
        }
        let wrong: [NamedTensors] = [
            [:], ["pieces.1": one], ["pieces.0": one, "pieces.2": two], ["pieces.0": one, "pieces.length": length],
            ["pieces.0": one, "pieces.length": one], ["pieces.0": try Tensor([1, 2] as [Double], shape: [1, 2])],
            ["pieces.0": one, "other": two], ["pieces": one],
            ["pieces.0": one, "pieces.9223372036854775807": two],
            ["pieces.0": one, "pieces.length": try Tensor([-1] as [Int64], shape: [])],
        ]
        for request in wrong {
            #expect("\(request.names)") { try model.run(request) } throws: { code($0) == .inputMismatch }
        }
    }

    @Test("an empty sequence is its length, zero, alone", arguments: [ElementType.float32, .int64, .bytes])
    func emptySequence(type: ElementType) throws {
        var builder = ONNXBuilder()
        builder.input("items", .sequence(.tensor(type, [.dynamic])))
        builder.output("n", .tensor(.int64, []))
        builder.node("SequenceLength", ["items"], ["n"])
        let model = try TestEngine.load(builder.model())
        let none = try Tensor([0] as [Int64], shape: [])
        #expect(try model.run(["items.length": none])["n"]?.values(as: Int64.self) == [0])
    }

    @Test("an optional input may be left out, an optional output that is none is left out")
    func optionals() throws {
        var asks = ONNXBuilder()
        asks.opsets = [("", 18)]
        asks.input("x", .optional(.tensor(.float32, [.symbolic("n")])))
        asks.output("y", .tensor(.bool, []))
        asks.node("OptionalHasElement", ["x"], ["y"])
        let model = try TestEngine.load(asks.model())
        #expect(model.signature.inputs.first?.isOptional == true)
        #expect(try model.run([:])["y"]?.values(as: Bool.self) == [false])
        let x = try Tensor([1] as [Float], shape: [1])
        #expect(try model.run(["x": x])["y"]?.values(as: Bool.self) == [true])

        var wraps = ONNXBuilder()
        wraps.opsets = [("", 18)]
        wraps.input("x", .tensor(.float32, [.symbolic("n")]))
        wraps.output("y", .optional(.tensor(.float32, [.symbolic("n")])))
        wraps.node("Optional", ["x"], ["y"])
        let wrapping = try TestEngine.load(wraps.model())
        #expect(wrapping.signature.outputs.first?.isOptional == true)
        #expect(try wrapping.run(["x": x])["y"]?.values(as: Float.self) == [1])

        var handsOn = ONNXBuilder()
        handsOn.opsets = [("", 18)]
        handsOn.input("x", .optional(.tensor(.float32, [.symbolic("n")])))
        handsOn.output("y", .optional(.tensor(.float32, [.symbolic("n")])))
        handsOn.node("Identity", ["x"], ["y"])
        let handing = try TestEngine.load(handsOn.model())
        #expect(try handing.run(["x": x])["y"]?.values(as: Float.self) == [1])
    }

    @Test("results that hand an input through stay readable when the request is gone")
    func handedThrough() throws {
        var builder = ONNXBuilder()
        builder.opsets = [("", 18)]
        builder.input("x", .tensor(.float32, [.symbolic("n")]))
        builder.output("y", .sequence(.tensor(.float32, [.symbolic("n")])))
        builder.output("z", .optional(.tensor(.float32, [.symbolic("n")])))
        builder.node("SequenceConstruct", ["x", "x"], ["y"])
        builder.node("Optional", ["x"], ["z"])
        let model = try TestEngine.load(builder.model())
        let results = try (0..<50).map { number in
            try model.run(["x": Tensor([Float](repeating: Float(number), count: 100), shape: [100])])
        }
        for (number, result) in results.enumerated() {
            let expected = [Float](repeating: Float(number), count: 100)
            #expect(result["y.1"]?.values(as: Float.self) == expected)
            #expect(result["z"]?.values(as: Float.self) == expected)
        }
    }

    @Test("a map as an input is refused with what to do about it")
    func mapInput() throws {
        var builder = ONNXBuilder()
        builder.opsets = [("", 17), ("ai.onnx.ml", 3)]
        builder.input("x", .map(key: .bytes, value: .tensor(.float32, [])))
        builder.output("y", .tensor(.float32, [.dynamic, .dynamic]))
        builder.node(
            "DictVectorizer", ["x"], ["y"], domain: "ai.onnx.ml", [("string_vocabulary", .strings(["a", "b"]))])
        #expect { try TestEngine.load(builder.model()) } throws: { error in
            code(error) == .unsupportedModel && "\(error)".contains("DictVectorizer")
        }
    }
}
