// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Bodies of clouds' prediction routes")
struct InvocationTests {
    static let pair = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic, .fixed(2)])], outputs: [])
    static let named = ModelSignature(
        inputs: [
            TensorSpec(name: "age", elementType: .int64, shape: [.dynamic, .fixed(1)]),
            TensorSpec(name: "city", elementType: .bytes, shape: [.dynamic, .fixed(1)]),
        ], outputs: [])
    static let flat = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float64, shape: [.dynamic])], outputs: [])

    private func decode(
        _ body: String, _ type: String?, _ signature: ModelSignature = pair
    ) throws -> InvocationRequest {
        let format = try #require(InvocationFormat(contentType: type))
        return try Array(body.utf8).withUnsafeBytes {
            try InvocationDecoder(endpoint: "m", signature: signature).decode($0, as: format)
        }
    }

    @Test(
        "follow the contract that their JSON shows",
        arguments: [
            (#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#, .v2(V2ReplyForm())),
            (#"{"parameters":{},"instances":[[1,2]]}"#, .plain(.rows)), (#"{"data":[[1,2]]}"#, .plain(.plain)),
            (#"{"inputs":[[1,2]]}"#, .plain(.columns)), (#"{"inputs":{"x":[[1,2]]}}"#, .plain(.columns)),
            (" [[1,2]]", .plain(.plain)), (#"{"x":[[1,2]]}"#, .plain(.plain)),
        ] as [(String, InvocationRequest.Style)])
    func contracts(body: String, style: InvocationRequest.Style) throws {
        let request = try decode(body, "application/json; charset=utf-8")
        #expect(request.style == style)
        #expect(request.inference.inputs["x"]?.shape == [1, 2])
        #expect(request.inference.inputs["x"]?.values(as: Float.self) == [1, 2])
    }

    @Test("are JSON when nobody says what they are")
    func untyped() throws {
        #expect(try decode("[[1,2]]", nil).inference.inputs["x"]?.shape == [1, 2])
    }

    @Test(
        "in CSV are rows, a line of heads passed over",
        arguments: [
            "1,2\n3,4\n", "1,2\r\n3,4", "a,b\n1,2\n3,4\n", "x,y\n1,2\n3,4\n", "\"1\",\"2\"\n\n3,4\n",
            "\u{FEFF}+1.0, 002\n3.,4e0\n",
            "x1,\"x,\n2\"\n1,2\n3,4",
        ])
    func csv(body: String) throws {
        let tensor = try #require(try decode(body, "text/csv").inference.inputs["x"])
        #expect(tensor.shape == [2, 2])
        #expect(tensor.values(as: Float.self) == [1, 2, 3, 4])
    }

    @Test("in CSV give each input its column, by its head or in order")
    func csvColumns() throws {
        for body in ["city,age,more\n\"a,\"\"b\"\"\",1,z\nc,-2,z\n", "1,\"a,\"\"b\"\"\"\n-2,c\n"] {
            let inputs = try decode(body, "text/csv", Self.named).inference.inputs
            #expect(inputs["age"]?.values(as: Int64.self) == [1, -2])
            #expect(inputs["age"]?.shape == [2, 1])
            #expect(inputs["city"]?.strings == ["a,\"b\"", "c"])
        }
    }

    @Test("in CSV may lack values of floats, and hold what is no number of JSON")
    func csvFloats() throws {
        let values = try #require(
            try decode(".5\nnan\n-Infinity\n1e+2\n-.25E1\n", "text/csv", Self.flat).inference.inputs["x"])
        #expect(values.shape == [5])
        let numbers = values.values(as: Double.self) ?? []
        #expect(numbers[0] == 0.5 && numbers[1].isNaN && numbers[2] == -.infinity)
        #expect(Array(numbers[3...]) == [100, -2.5])
        #expect(try decode("1,\n2,3", "text/csv").inference.inputs["x"]?.values(as: Float.self)?[1].isNaN == true)
    }

    @Test(
        "in CSV are refused with their line",
        arguments: [
            ("1,2\n3\n", "line 2"), ("1,2\n3,x\n", "line 2, field 2"), ("1,\"2\n", "line 1"),
            ("1,2\n\"3\"4,5", "line 2"), ("1,2\n3,1e\n", "line 2, field 2"), ("1,2\n3,-\n", "line 2, field 2"),
            ("1,x\n3,4\n", "line 1, field 2"), ("x,0.5\n3,4\n", "line 1, field 1"),
        ])
    func badCSV(body: String, place: String) {
        let error = refusal { _ = try decode(body, "text/csv") }
        #expect(error?.location == place)
    }

    @Test("in CSV have no line of more fields than memory is meant for")
    func wideCSV() {
        let error = refusal { _ = try decode("1,2\n" + String(repeating: ",", count: 1 << 20), "text/csv") }
        #expect(error?.code == .invalidRequest && error?.location == "line 2")
        #expect(error?.message.contains("at most") == true)
    }

    @Test("in JSON lines are a row or an object in each line")
    func lines() throws {
        for body in ["[1,2]\n\n [3,4] \r\n", "\n\r\n[1,2]\n[3,4]", "[1,2]\n[3,4]\n\n\n"] {
            let rows = try decode(body, "application/jsonlines").inference.inputs["x"]
            #expect(rows?.values(as: Float.self) == [1, 2, 3, 4])
        }
        let objects = try decode(
            "{\"age\":1,\"city\":\"a\"}\n{\"age\":2,\"city\":\"b\"}", "application/jsonlines", Self.named)
        #expect(objects.inference.inputs["age"]?.values(as: Int64.self) == [1, 2])
    }

    @Test("in JSON lines hold one value in a line", arguments: ["[1,2],[3,4]", "[1,2", "[1,2]]", "]", "[1,2] x"])
    func badLines(line: String) {
        let error = refusal { _ = try decode("[1,2]\n\(line)\n", "application/jsonlines") }
        #expect(error?.location == "line 2")
    }

    @Test("with binary tensors tell the length of their JSON in the type")
    func binary() throws {
        let json = joined(
            #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"#,
            #""outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#)
        let body = Array(json.utf8) + [0, 0, 128, 63, 0, 0, 0, 64]
        let type = "application/vnd.sagemaker-triton.binary+json;json-header-size=\(json.utf8.count)"
        let format = try #require(InvocationFormat(contentType: type))
        let request = try body.withUnsafeBytes {
            try InvocationDecoder(endpoint: "m", signature: Self.pair).decode($0, as: format)
        }
        #expect(request.inference.inputs["x"]?.values(as: Float.self) == [1, 2])
        let reply = try InvocationEncoder.encode(
            response(["y": try Tensor([1] as [Float], shape: [1])]), style: request.style, as: format)
        let head = reply.segments[0].byteCount
        #expect(reply.contentType == "application/vnd.sagemaker-triton.binary+json;json-header-size=\(head)")
        #expect(reply.segments.count == 2)
    }

    @Test("are read or refused whatever their bytes are", arguments: ["text/csv", "application/jsonlines"])
    func mutated(type: String) throws {
        let seeds = ["a,\"b\"\n1,-2.5e3\n,nan\n", "[1,2]\n[3,4]\n", "{\"x\":[1,2]}\n"].map { Array($0.utf8) }
        let format = try #require(InvocationFormat(contentType: type))
        try mutate(seeds: seeds, iterations: 20_000, seed: 11) { body in
            let request = try body.withUnsafeBytes {
                try InvocationDecoder(endpoint: "m", signature: Self.pair).decode($0, as: format)
            }
            _ = try InvocationEncoder.encode(response(request.inference.inputs), style: request.style, as: format)
        }
    }
}
