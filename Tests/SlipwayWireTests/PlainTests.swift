// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("The plain routes")
struct PlainTests {
    private static let one = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic, .fixed(2)])],
        outputs: [TensorSpec(name: "y", elementType: .float32, shape: [.dynamic, .fixed(1)])])
    private static let two = ModelSignature(
        inputs: [
            TensorSpec(name: "age", elementType: .int64, shape: [.symbolic("n"), .fixed(1)]),
            TensorSpec(name: "city", elementType: .bytes, shape: [.symbolic("n"), .fixed(1)]),
            TensorSpec(name: "extra", elementType: .float64, shape: [.symbolic("n"), .fixed(2)], isOptional: true),
        ], outputs: [])

    private func decode(_ json: String, _ signature: ModelSignature) throws -> PlainRequest {
        try Array(json.utf8).withUnsafeBytes { try PlainDecoder(endpoint: "m", signature: signature).decode($0) }
    }

    @Test("rows of values become the one input's tensor")
    func rows() throws {
        let request = try decode(#"{"data": [[1, 2], [3, 4.5]]}"#, Self.one)
        let tensor = try #require(request.inference.inputs["x"])
        #expect(request.style == .data)
        #expect(tensor.shape == [2, 2])
        #expect(tensor.values(as: Float.self) == [1, 2, 3, 4.5])
    }

    @Test("rows of TensorFlow Serving are told apart by their key, other keys are passed over")
    func instances() throws {
        let request = try decode(#"{"signature_name":"serving_default","instances":[[1,2]],"z":{"a":[]}}"#, Self.one)
        #expect(request.style == .instances)
        #expect(request.inference.inputs["x"]?.shape == [1, 2])
    }

    @Test("rows may stand alone, without an object around them")
    func bareRows() throws {
        let request = try decode(" [[1,2],[3,4]] ", Self.one)
        #expect(request.style == .data)
        #expect(request.inference.inputs["x"]?.values(as: Float.self) == [1, 2, 3, 4])
    }

    @Test("scalars in rows gain the dimensions of one that they leave out")
    func trailingOnes() throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float64, shape: [.dynamic, .fixed(1)])], outputs: [])
        #expect(try decode(#"{"data":[1,2,3]}"#, signature).inference.inputs["x"]?.shape == [3, 1])
    }

    @Test("FP16 and BF16 inputs take numbers, rounded once")
    func halves() throws {
        func value<T: TensorElement>(_ type: T.Type, _ text: String) throws -> T? {
            let signature = ModelSignature(
                inputs: [TensorSpec(name: "x", elementType: T.elementType, shape: [.dynamic])], outputs: [])
            return try decode("{\"data\":[\(text)]}", signature).inference.inputs["x"]?.values(as: type)?.first
        }
        // 2049 lies between 2048 and 2050, and 2048 is even; a hair above goes up.
        #expect(try value(Float16.self, "2049") == 2048)
        #expect(try value(Float16.self, "2049.00000000000000000001") == 2050)
        #expect(try value(Float16.self, "2048.99999999999999999999") == 2048)
        #expect(try value(Float16.self, "2051") == 2052)
        // Half of the smallest value there is: to zero, and above it up.
        #expect(try value(Float16.self, "2.98023223876953125e-8") == 0)
        #expect(try value(Float16.self, "2.980232238769531250000001e-8") == .leastNonzeroMagnitude)
        // 257 lies between 256 and 258.
        #expect(try value(BFloat16.self, "257")?.float == 256)
        #expect(try value(BFloat16.self, "257.0000000000000000000001")?.float == 258)
        #expect(try value(BFloat16.self, "257.00000000001")?.float == 258)
        #expect(try value(BFloat16.self, "-0.1")?.bitPattern == 0xBDCD)
        #expect(throws: WireError.self) { try value(Float16.self, "65520") }
        #expect(throws: WireError.self) { try value(BFloat16.self, "3.4e38") }
        #expect(try value(Float16.self, "65519") == .greatestFiniteMagnitude)
    }

    @Test("rows that are objects fill several inputs by name")
    func objects() throws {
        let inputs = try decode(
            #"{"data":[{"age":31,"city":"Köln"},{"city":"A\u00e9\ud83d\ude00","age":[7]}]}"#
                .replacing("[7]", with: "7"), Self.two
        ).inference.inputs
        #expect(inputs["age"]?.values(as: Int64.self) == [31, 7])
        #expect(inputs["age"]?.shape == [2, 1])
        #expect(inputs["city"]?.strings == ["Köln", "Aé😀"])
        #expect(inputs["extra"] == nil)
    }

    @Test(
        "rows that do not fit are refused",
        arguments: [
            (#"{"data":[[1,2],[3]]}"#, true), (#"{"data":[[1,2],3]}"#, true), (#"{"data":[]}"#, true),
            (#"{"data":{}}"#, true), (#"{"rows":[[1,2]]}"#, true), (#"{"data":[[1,2]],"instances":[[1,2]]}"#, true),
            (#"{"data":[[1,null]]}"#, true), (#"{"data":[[1,"a"]]}"#, true), (#"[[1],[2,3]]"#, true),
            (#"[[1,2]]x]"#, true), ("", true),
            (#"{"data":[[1,2]]"#, true), (#"{"data":[{"y":[1,2]}]}"#, true), (#"{"data":[{"x":[1,2]},[1,2]]}"#, true),
            ("{\"data\":" + String(repeating: "[", count: 17) + String(repeating: "]", count: 17) + "}", true),
            (#"{"data":[1]}"#, false), (#"{"data":[{"age":1}]}"#, false),
            (#"{"data":[{"age":1,"city":"a"},{"age":1}]}"#, false),
            (#"{"data":[{"age":1,"age":2,"city":"a"}]}"#, false),
            (#"{"data":[{"age":1,"city":"a"},{"age":[1,2],"city":"b"}]}"#, false),
        ])
    func refused(body: String, hasOneInput: Bool) {
        let error = refusal { _ = try decode(body, hasOneInput ? Self.one : Self.two) }
        #expect(error?.category == .invalidInput)
    }

    @Test("a first row cannot make the server reserve more than the body could hold")
    func hugeProduct() {
        let wide = "[" + Array(repeating: "1", count: 2000).joined(separator: ",") + "]"
        let rows = "{\"x\":\(wide)}," + Array(repeating: "{\"x\":1}", count: 4000).joined(separator: ",")
        let error = refusal { _ = try decode("{\"data\":[\(rows)]}", Self.one) }
        #expect(error?.code == .invalidTensor)
    }

    @Test("one output is a list of rows")
    func oneOutput() throws {
        let reply = try response(["y": Tensor([0.5, 1.25] as [Float], shape: [2, 1])])
        #expect(text(try PlainEncoder.encode(reply, style: .data)) == "[[0.5],[1.25]]")
        #expect(text(try PlainEncoder.encode(reply, style: .instances)) == #"{"predictions":[[0.5],[1.25]]}"#)
        let scalar = try response(["y": Tensor([7] as [Int32], shape: [])])
        #expect(text(try PlainEncoder.encode(scalar, style: .data)) == "[7]")
        let empty = try response(["y": Tensor([] as [Int32], shape: [2, 0, 3])])
        #expect(text(try PlainEncoder.encode(empty, style: .data)) == "[[],[]]")
    }

    @Test("several outputs are objects, one for each row")
    func severalOutputs() throws {
        let reply = try response([
            "label": Tensor(["a", "\"b\""], shape: [2]),
            "score": Tensor([1, 2, 3, 4] as [Float16], shape: [2, 2]),
        ])
        #expect(
            text(try PlainEncoder.encode(reply, style: .data))
                == #"[{"label":"a","score":[1.0,2.0]},{"label":"\"b\"","score":[3.0,4.0]}]"#)
    }

    @Test("outputs of different length make no list of rows")
    func unevenOutputs() throws {
        let reply = try response([
            "a": Tensor([1] as [Float], shape: [1]), "b": Tensor([1, 2] as [Float], shape: [2]),
        ])
        #expect(refusal { _ = try PlainEncoder.encode(reply, style: .data) }?.code == .notEncodable)
    }
}
