// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import Testing

@Suite("Model signature")
struct ModelSignatureTests {
    /// Two inputs that share `b`, one that may be left out, one of unknown rank.
    private static let signature = ModelSignature(
        inputs: [
            TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("b"), .fixed(2)]),
            TensorSpec(name: "mask", elementType: .bool, shape: [.symbolic("b"), .dynamic]),
            TensorSpec(name: "bias", elementType: .float32, shape: [.fixed(2)], isOptional: true),
        ],
        outputs: [
            TensorSpec(name: "y", elementType: .float32, shape: [.symbolic("b")]),
            TensorSpec(name: "parts", elementType: .float32, shape: nil, form: .sequence),
        ])

    private static func floats(_ shape: Shape) throws -> Tensor {
        try Tensor([Float](repeating: 0, count: shape.elementCount ?? 0), shape: shape)
    }

    private static func flags(_ shape: Shape) throws -> Tensor {
        try Tensor([Bool](repeating: false, count: shape.elementCount ?? 0), shape: shape)
    }

    @Test("accepts what fits, optional inputs there or not", arguments: [0, 1, 5])
    func fits(rows: Int) throws {
        var tensors: NamedTensors = ["mask": try Self.flags([rows, 9]), "x": try Self.floats([rows, 2])]
        try Self.signature.check(tensors)
        tensors.append(try Self.floats([2]), named: "bias")
        try Self.signature.check(tensors)
    }

    @Test("names the input that is missing, and what came")
    func missing() throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.signature.check(["x": try Self.floats([1, 2])])
        }
        #expect(error?.code == .missingInput)
        #expect(error?.location == "mask")
        #expect(error?.message.contains("'mask' (BOOL [b,?])") == true)
        #expect(error?.message.contains("[x]") == true)
    }

    @Test("names the input that is too many, and what there is")
    func unknown() throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.signature.check([
                "x": try Self.floats([1, 2]), "mask": try Self.flags([1, 1]), "X": try Self.floats([1]),
            ])
        }
        #expect(error?.code == .unknownInput)
        #expect(error?.location == "X")
        #expect(error?.message.contains("[x, mask, bias]") == true)
    }

    @Test("tells the type expected and got")
    func wrongType() throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.signature.check([
                "x": try Tensor([0, 0] as [Double], shape: [1, 2]), "mask": try Self.flags([1, 1]),
            ])
        }
        #expect(error?.code == .wrongType)
        #expect(error?.message == "input 'x' expected datatype FP32, got FP64")
    }

    @Test(
        "tells the shape expected and got, for another rank or extent",
        arguments: [[], [2], [1, 3], [1, 2, 1]] as [Shape])
    func wrongShape(shape: Shape) throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.signature.check(["x": try Self.floats(shape), "mask": try Self.flags([1, 1])])
        }
        #expect(error?.code == .wrongShape)
        #expect(error?.message == "input 'x' expected shape [b,2], got \(shape)")
    }

    @Test("a symbol has one extent throughout")
    func symbols() throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.signature.check(["x": try Self.floats([3, 2]), "mask": try Self.flags([4, 1])])
        }
        #expect(error?.code == .symbolMismatch)
        #expect(error?.message == "input 'mask' expected 'b' to be 3 as in input 'x', got 4")
        #expect(error?.category == .invalidInput)
    }

    @Test("a symbol that occurs twice in one input is one extent, too")
    func square() throws {
        let square = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("n"), .symbolic("n")])], outputs: []
        )
        try square.check(["x": try Self.floats([3, 3])])
        let error = #expect(throws: SignatureError.self) { try square.check(["x": try Self.floats([3, 4])]) }
        #expect(error?.code == .symbolMismatch)
    }

    @Test("any shape fits an unknown rank", arguments: [[], [0], [1, 2, 3, 4]] as [Shape])
    func unknownRank(shape: Shape) throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: nil)], outputs: [])
        try signature.check(["x": try Self.floats(shape)])
    }

    @Test("a sequence takes its elements and its length by their own names")
    func sequences() throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "p", elementType: .float32, shape: nil, form: .sequence)], outputs: [])
        try signature.check(["p.0": try Self.floats([1]), "p.length": try Tensor([1] as [Int64], shape: [])])
        for name in ["p.x", "p.-1", "q.0", "p."] {
            let error = #expect(throws: SignatureError.self) { try signature.check([name: try Self.floats([1])]) }
            #expect(error?.code == .unknownInput)
        }
    }

    @Test("names an output that there is not")
    func outputs() throws {
        try Self.signature.checkOutputs([])
        try Self.signature.checkOutputs(["parts.1", "y", "parts.length"])
        let error = #expect(throws: SignatureError.self) { try Self.signature.checkOutputs(["y", "z"]) }
        #expect(error?.code == .unknownOutput)
        #expect(error?.message == "unexpected inference output 'z', the model has [y, parts]")
    }

    @Test("knows whether the first dimension may be a batch")
    func batch() {
        func signature(_ shapes: [[Dimension]?]) -> ModelSignature {
            ModelSignature(
                inputs: shapes.map { TensorSpec(name: "x", elementType: .float32, shape: $0) }, outputs: [])
        }
        #expect(signature([[.symbolic("b"), .fixed(2)], [.dynamic]]).hasVariableFirstDimension)
        #expect(!signature([[.symbolic("b")], [.fixed(1)]]).hasVariableFirstDimension)
        #expect(!signature([[]]).hasVariableFirstDimension)
        #expect(!signature([nil]).hasVariableFirstDimension)
        #expect(!signature([]).hasVariableFirstDimension)
        #expect(!Self.signature.hasVariableFirstDimension)
    }

    @Test("survives JSON, dynamic dimensions and unknown ranks too")
    func coding() throws {
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "x", elementType: .bfloat16, shape: [.fixed(3), .dynamic, .symbolic("1")]),
                TensorSpec(name: "r", elementType: .bytes, shape: nil, isOptional: true, form: .classScores),
            ], outputs: Self.signature.outputs)
        let json = try JSONEncoder().encode(signature)
        #expect(try JSONDecoder().decode(ModelSignature.self, from: json) == signature)
    }
}
