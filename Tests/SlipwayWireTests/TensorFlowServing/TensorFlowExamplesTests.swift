// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("TensorFlow Serving's classify and regress")
struct TensorFlowExamplesTests {
    private static let signature = ModelSignature(
        inputs: [
            TensorSpec(name: "age", elementType: .float32, shape: [.symbolic("n"), .fixed(1)]),
            TensorSpec(name: "city", elementType: .bytes, shape: [.symbolic("n")]),
            TensorSpec(name: "flags", elementType: .bool, shape: [.symbolic("n"), .fixed(2)], isOptional: true),
        ], outputs: [])

    private func decode(_ json: String) throws -> ExampleList {
        try Array(json.utf8).withUnsafeBytes { try TensorFlowExamplesDecoder.decode($0) }
    }

    private func inputs(_ json: String) throws -> NamedTensors { try decode(json).inputs(for: Self.signature) }

    @Test("features become the inputs of their names, a row for each example; others are passed over")
    func features() throws {
        let inputs = try inputs(
            #"{"signature_name":"","examples":[{"age":[31],"city":"Köln","x":[1]},{"age":2.5,"city":{"b64":"/w=="}}]}"#)
        #expect(inputs["age"]?.values(as: Float.self) == [31, 2.5])
        #expect(inputs["age"]?.shape == [2, 1])
        #expect(inputs["city"]?.shape == [2])
        #expect(inputs["city"]?.byteCount == 4 + 5 + 4 + 1)
        #expect(inputs["flags"] == nil)
    }

    @Test("what the examples have in common stands in the context, and gives way to their own")
    func context() throws {
        let inputs = try inputs(
            #"{"context":{"city":"a","flags":[true,0]},"examples":[{"age":1},{"age":NaN,"city":["b"]}]}"#)
        #expect(inputs["city"]?.strings == ["a", "b"])
        #expect(inputs["flags"]?.values(as: Bool.self) == [true, false, true, false])
        #expect(inputs["age"]?.values(as: Float.self)?[1].isNaN == true)
    }

    @Test("whole numbers and fractions in one list are floats")
    func mixedNumbers() throws {
        let list = try decode(#"{"examples":[{"f":[1,2.5,-3]}]}"#)
        #expect(list.examples == [["f": .floats([1, 2.5, -3])]])
    }

    @Test(
        "bodies that do not fit are refused",
        arguments: [
            "{}", #"{"examples":[]}"#, #"{"examples":{}}"#, #"{"examples":[1]}"#, #"{"examples":[{}]}"#,
            #"{"examples":[{"age":1}]}"#, #"{"examples":[{"age":"x","city":"a"}]}"#,
            #"{"examples":[{"age":[1,2],"city":"a"}]}"#, #"{"examples":[{"age":1,"city":[]}]}"#,
            #"{"examples":[{"age":1,"city":"a"},{"age":1}]}"#, #"{"examples":[{"age":1,"age":1,"city":"a"}]}"#,
            #"{"examples":[{"age":[1,"a"],"city":"a"}]}"#, #"{"examples":[{"age":[[1]],"city":"a"}]}"#,
            #"{"examples":[{"age":null,"city":"a"}]}"#, #"{"examples":[{"age":1,"city":5}]}"#,
            #"{"examples":[{"age":1,"city":"a","flags":[2,0]}]}"#, #"{"examples":[{"age":1,"city":"a","flags":[1]}]}"#,
            #"{"examples":[{"age":1,"city":"a"}],"examples":[]}"#,
            #"{"signature_name":"x","examples":[{"age":1,"city":"a"}]}"#,
            #"{"examples":[{"age":1,"city":{"b64":"Q"}}]}"#,
        ])
    func refused(body: String) {
        #expect(refusal { _ = try inputs(body) }?.category == .invalidInput)
    }

    @Test("a million of short features are refused before they fill the memory")
    func tooMany() {
        let body =
            "{\"examples\":[{\"a\":["
            + String(repeating: "\"\",", count: TensorFlowExamplesDecoder.maximumParts) + "\"\"]}]}"
        let error = refusal { _ = try decode(body) }
        #expect(error?.message.contains("use predict") == true)
    }

    @Test(
        "numbers must fit the input's type",
        arguments: [ElementType.int8, .uint8, .int16, .uint16, .int32, .uint32, .uint64])
    func ranges(type: ElementType) throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "i", elementType: type, shape: [.dynamic])], outputs: [])
        let list = try decode(#"{"examples":[{"i":7},{"i":[8]}]}"#)
        #expect(try list.inputs(for: signature)["i"]?.shape == [2])
        let large = ExampleList(examples: [["i": .integers([type == .uint64 ? -1 : .max])]])
        #expect(refusal { _ = try large.inputs(for: signature) }?.code == .invalidTensor)
        let fraction = ExampleList(examples: [["i": .floats([1])]])
        #expect(refusal { _ = try fraction.inputs(for: signature) }?.code == .invalidTensor)
    }

    @Test("one varying dimension takes the length the values have")
    func varyingLength() throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "v", elementType: .float16, shape: [.dynamic, .dynamic, .fixed(2)])], outputs: [])
        let list = ExampleList(examples: [["v": .integers([1, 2, 3, 4])], ["v": .floats([5, 6, 7, 8])]])
        #expect(try list.inputs(for: signature)["v"]?.shape == [2, 2, 2])
        let odd = ExampleList(examples: [["v": .integers([1, 2, 3])]])
        #expect(refusal { _ = try odd.inputs(for: signature) }?.code == .invalidTensor)
    }

    // MARK: - Results

    private func classes(_ outputs: NamedTensors, _ labels: [String: [String]] = [:]) throws -> String {
        text(TensorFlowResultsEncoder.encode(classes: try ExampleResults.classes(outputs, rows: 2, labels: labels)))
    }

    @Test("scores take their labels from the model's classes, from the file, or from their number")
    func labels() throws {
        let scores = try Tensor([0.25, 0.75, 0.1, 0.9] as [Float], shape: [2, 2])
        let names = try Tensor(["a", "b", "c", "d"], shape: [2, 2])
        #expect(
            try classes(["classes": names, "scores": scores])
                == #"{"results":[[["a",0.25],["b",0.75]],[["c",0.1],["d",0.9]]]}"#)
        let best = try Tensor([1, 1] as [Int64], shape: [2])
        #expect(
            try classes(["label": best, "probabilities": scores], ["probabilities": ["no", "yes"]])
                == #"{"results":[[["no",0.25],["yes",0.75]],[["no",0.1],["yes",0.9]]]}"#)
        #expect(
            try classes(["probabilities": scores]) == #"{"results":[[["0",0.25],["1",0.75]],[["0",0.1],["1",0.9]]]}"#)
    }

    @Test("labels without scores have a score of zero")
    func labelsAlone() throws {
        #expect(
            try classes(["label": Tensor(["a", "b"], shape: [2])]) == #"{"results":[[["a",0.0]],[["b",0.0]]]}"#)
    }

    @Test("what is no classifier is told to use regress or predict")
    func noClassifier() throws {
        let value = try Tensor([1, 2] as [Float], shape: [2, 1])
        let table = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        #expect(refusal { _ = try classes(["y": value]) }?.message.contains("regress") == true)
        let flat = try Tensor([1, 2] as [Float], shape: [2])
        #expect(refusal { _ = try classes(["y": flat]) }?.message.contains("regress") == true)
        #expect(refusal { _ = try classes(["p": table, "q": table]) }?.message.contains("[p, q]") == true)
        #expect(refusal { _ = try classes([:]) }?.category == .invalidInput)
    }

    @Test("regress gives one float for each row")
    func regression() throws {
        let column = try Tensor([1.5, -.infinity] as [Double], shape: [2, 1])
        let flat = try Tensor([3, 4] as [Float16], shape: [2])
        let table = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        func values(_ outputs: NamedTensors) throws -> String {
            text(TensorFlowResultsEncoder.encode(values: try ExampleResults.values(outputs, rows: 2)))
        }
        #expect(try values(["y": column]) == #"{"results":[1.5,-Infinity]}"#)
        #expect(try values(["y": column, "outputs": flat]) == #"{"results":[3.0,4.0]}"#)
        #expect(refusal { _ = try values(["y": column, "z": flat]) }?.message.contains("[y, z]") == true)
        #expect(refusal { _ = try values(["y": table]) }?.message.contains("one float") == true)
    }
}
