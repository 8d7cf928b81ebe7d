// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("TensorFlow Serving's predict in JSON")
struct TensorFlowPredictTests {
    private static let one = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic, .fixed(2)])], outputs: [])
    private static let two = ModelSignature(
        inputs: [
            TensorSpec(name: "a", elementType: .int64, shape: [.symbolic("n")]),
            TensorSpec(name: "b", elementType: .float64, shape: [.symbolic("n"), .fixed(2)]),
            TensorSpec(name: "c", elementType: .bool, shape: [.symbolic("n")], isOptional: true),
        ], outputs: [])
    private static let texts = ModelSignature(
        inputs: [TensorSpec(name: "s", elementType: .bytes, shape: [.dynamic])], outputs: [])

    private func decode(_ json: String, _ signature: ModelSignature) throws -> TensorFlowPredictRequest {
        try Array(json.utf8).withUnsafeBytes {
            try TensorFlowPredictDecoder(endpoint: "m", signature: signature).decode($0)
        }
    }

    @Test("rows of values become the only input")
    func rows() throws {
        let request = try decode(
            #"{"signature_name":"serving_default","instances":[[1,2.5],[NaN,-Infinity]],"parameters":{"k":[1]}}"#,
            Self.one)
        let values = try #require(request.inputs["x"]?.values(as: Float.self))
        #expect(request.style == .rows)
        #expect(values[0] == 1 && values[1] == 2.5 && values[2].isNaN && values[3] == -.infinity)
    }

    @Test("rows that are objects fill inputs by name; what is optional may be left out")
    func namedRows() throws {
        let inputs = try decode(#"{"instances":[{"a":1,"b":[1,2]},{"b":[3,4],"a":2}]}"#, Self.two).inputs
        #expect(inputs["a"]?.values(as: Int64.self) == [1, 2])
        #expect(inputs["b"]?.shape == [2, 2])
        #expect(inputs["c"] == nil)
    }

    @Test("one input may be named in rows, too")
    func oneNamed() throws {
        let inputs = try decode(#"{"instances":[{"x":[1,2]}]}"#, Self.one).inputs
        #expect(inputs["x"]?.shape == [1, 2])
    }

    @Test(
        "whole inputs come by name, or bare for the only one",
        arguments: [#"{"inputs":[[1,2],[3,4]]}"#, #"{"inputs":{"x":[[1,2],[3,4]]}}"#])
    func columns(body: String) throws {
        let request = try decode(body, Self.one)
        #expect(request.style == .columns)
        #expect(request.inputs["x"]?.values(as: Float.self) == [1, 2, 3, 4])
        #expect(request.inputs["x"]?.shape == [2, 2])
    }

    @Test("whole inputs need not have the same first dimension")
    func unevenColumns() throws {
        let inputs = try decode(#"{"inputs":{"a":[1,2,3],"b":[[1,2]]}}"#, Self.two).inputs
        #expect(inputs["a"]?.shape == [3])
        #expect(inputs["b"]?.shape == [1, 2])
    }

    @Test("a whole input may be a scalar, or empty")
    func scalarsAndEmpties() throws {
        let scalar = ModelSignature(inputs: [TensorSpec(name: "k", elementType: .int32, shape: [])], outputs: [])
        #expect(try decode(#"{"inputs":5}"#, scalar).inputs["k"]?.values(as: Int32.self) == [5])
        #expect(try decode(#"{"inputs":[]}"#, Self.texts).inputs["s"]?.shape == [0])
    }

    @Test(
        "bytes come as base64 wherever a text may stand, and need no padding",
        arguments: [
            #"{"instances":[{"b64":"/w=="},"a"]}"#, #"{"instances":[{"s":{"b64":"/w"}},{"s":"a"}]}"#,
            #"{"inputs":[{"b64":"\/w=="},"a"]}"#, #"{"inputs":{"s":[{ "b64" : "/w==" },{"b64":"YQ=="}]}}"#,
        ])
    func base64(body: String) throws {
        let tensor = try #require(try decode(body, Self.texts).inputs["s"])
        var elements: [[UInt8]] = []
        tensor.forEachBytes { elements.append(Array($0)) }
        #expect(elements == [[0xFF], [0x61]])
    }

    @Test("the plain contract's rows are taken, too")
    func plain() throws {
        #expect(try decode(#"{"data":[[1,2]]}"#, Self.one).style == .plain)
    }

    @Test(
        "bodies that do not fit are refused",
        arguments: [
            #"{"instances":[[1,2]],"inputs":[[1,2]]}"#, #"{"inputs":[[1,2]],"inputs":[[1,2]]}"#,
            #"{"instances":[]}"#, #"{"instances":{}}"#, #"{"instances":5}"#, #"{"instances":[[1,2],[3]]}"#,
            #"{"instances":[[1,2],[3,4,5]]}"#, #"{"instances":[[1,2],3]}"#, #"{"instances":[[1,null]]}"#,
            #"{"instances":[["1","2"]]}"#, #"{"instances":[{"b64":"AAAA"}]}"#, #"{"instances":[{"y":[1,2]}]}"#,
            #"{"instances":[{"x":[1,2]},{}]}"#, #"{"instances":[{"x":[1,2],"x":[1,2]}]}"#,
            #"{"inputs":{"y":[[1,2]]}}"#, #"{"inputs":{"x":[[1,2]],"x":[[1,2]]}}"#, #"{"inputs":[[1,2],[3]]}"#,
            #"{"inputs":[[1e99,2]]}"#, #"{"signature_name":"other","instances":[[1,2]]}"#,
            #"{"signature_name":5,"instances":[[1,2]]}"#, #"{}"#, #"[[1,2]]"#, "", #"{"instances":[[1,2]]"#,
            "{\"inputs\":" + String(repeating: "[", count: 17) + String(repeating: "]", count: 17) + "}",
            "{\"x\":" + String(repeating: "[", count: 65) + String(repeating: "]", count: 65) + "}",
        ])
    func refused(body: String) {
        #expect(refusal { _ = try decode(body, Self.one) }?.category == .invalidInput)
    }

    @Test(
        "what is not base64 is refused",
        arguments: ["Q", "QQ=", "QQ===", "Q===", "====", "QR==", "QQ==QQ==", "Q Q=", "QQ-_", "é"])
    func notBase64(text: String) {
        let error = refusal { _ = try decode("{\"instances\":[{\"b64\":\"\(text)\"}]}", Self.texts) }
        #expect(error?.code == .invalidTensor)
    }

    @Test(
        "an object that is more or less than base64 is refused",
        arguments: [#"{"b64":"QQ==","x":1}"#, #"{"b64":5}"#, #"{"b65":"QQ=="}"#, "{}"])
    func notOnlyBase64(value: String) {
        #expect(refusal { _ = try decode("{\"inputs\":[\"a\",\(value)]}", Self.texts) }?.category == .invalidInput)
    }

    @Test("several inputs need names")
    func namesNeeded() {
        for body in [#"{"instances":[1,2]}"#, #"{"inputs":[1,2]}"#] {
            let error = refusal { _ = try decode(body, Self.two) }
            #expect(error?.message.contains("[a, b, c]") == true)
        }
    }

    // MARK: - Replies

    @Test("one output is bare, several have names, in rows and in columns")
    func replies() throws {
        let one = try response(["y": Tensor([0.5, .nan] as [Float], shape: [2, 1])])
        #expect(text(try TensorFlowPredictEncoder.encode(one, style: .rows)) == #"{"predictions":[[0.5],[NaN]]}"#)
        #expect(text(try TensorFlowPredictEncoder.encode(one, style: .columns)) == #"{"outputs":[[0.5],[NaN]]}"#)
        #expect(text(try TensorFlowPredictEncoder.encode(one, style: .plain)) == "[[0.5],[NaN]]")
        let two = try response([
            "p": Tensor([1, 2] as [Int8], shape: [2]), "q": Tensor(["a", "b"], shape: [2]),
        ])
        #expect(
            text(try TensorFlowPredictEncoder.encode(two, style: .rows))
                == #"{"predictions":[{"p":1,"q":"a"},{"p":2,"q":"b"}]}"#)
        #expect(
            text(try TensorFlowPredictEncoder.encode(two, style: .columns))
                == #"{"outputs":{"p":[1,2],"q":["a","b"]}}"#)
    }

    @Test("outputs whose name ends in _bytes are base64, whatever they hold; other texts must be UTF-8")
    func byteOutputs() throws {
        let bytes = try Tensor(elementType: .bytes, shape: [2], storage: BytesLayout.pack([[0xFF], [1, 2, 3, 4]]))
        let named = response(["image_bytes": bytes])
        #expect(
            text(try TensorFlowPredictEncoder.encode(named, style: .rows))
                == #"{"predictions":[{"b64":"/w=="},{"b64":"AQIDBA=="}]}"#)
        let other = response(["image": bytes])
        #expect(refusal { _ = try TensorFlowPredictEncoder.encode(other, style: .rows) }?.code == .notEncodable)
    }

    @Test("outputs of different length make columns, and no rows")
    func unevenOutputs() throws {
        let reply = try response([
            "a": Tensor([1] as [Int32], shape: []), "b": Tensor([1, 2] as [Int32], shape: [2]),
        ])
        #expect(refusal { _ = try TensorFlowPredictEncoder.encode(reply, style: .rows) }?.code == .notEncodable)
        #expect(text(try TensorFlowPredictEncoder.encode(reply, style: .columns)) == #"{"outputs":{"a":1,"b":[1,2]}}"#)
    }
}
