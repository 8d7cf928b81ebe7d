// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("V2 inference responses are encoded")
struct V2EncoderTests {
    private func json(
        _ outputs: NamedTensors, _ form: V2ReplyForm = V2ReplyForm(), id: String? = nil
    ) throws -> String {
        text(try V2InferEncoder.encode(response(outputs, id: id), as: form).body)
    }

    @Test("members come in Triton's order, the id only when given")
    func golden() throws {
        let outputs: NamedTensors = try ["y": Tensor([1.5, -0.1] as [Float], shape: [1, 2])]
        #expect(
            try json(outputs)
                == joined(
                    #"{"model_name":"m","model_version":"3","outputs":"#,
                    #"[{"name":"y","datatype":"FP32","shape":[1,2],"data":[1.5,-0.1]}]}"#))
        #expect(try json(outputs, id: "a\"b").hasPrefix(#"{"id":"a\"b","model_name":"m","#))
    }

    @Test("numbers of every type in their shortest form")
    func numbers() throws {
        func data(_ tensor: Tensor) throws -> String {
            let text = try json(["y": tensor])
            let start = try #require(text.firstRange(of: "\"data\":")).upperBound
            return String(text[start...].dropLast(3))
        }
        #expect(try data(Tensor([true, false], shape: [2])) == "[true,false]")
        #expect(try data(Tensor([Int8.min, 0, .max], shape: [3])) == "[-128,0,127]")
        #expect(try data(Tensor([Int64.min, .max], shape: [2])) == "[-9223372036854775808,9223372036854775807]")
        #expect(try data(Tensor([UInt64.max, 10], shape: [2])) == "[18446744073709551615,10]")
        let floats: [Float] = [0.1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 100]
        #expect(try data(Tensor(floats, shape: [4])) == "[0.1,1e-45,3.4028235e38,100.0]")
        let doubles: [Double] = [0.1, .leastNonzeroMagnitude, 1e22, 1e15, 0.00001, 0.000001, 123.456, -1.5e-7]
        #expect(
            try data(Tensor(doubles, shape: [8]))
                == "[0.1,5e-324,1e22,1000000000000000.0,0.00001,1e-6,123.456,-1.5e-7]")
        let special: [Float] = [.nan, .infinity, -.infinity, -0.0, 0]
        #expect(try data(Tensor(special, shape: [5])) == "[NaN,Infinity,-Infinity,-0.0,0.0]")
        #expect(try data(Tensor([] as [Float], shape: [0, 4])) == "[]")
        #expect(try data(Tensor(["a\"\\\n\u{1}é"], shape: [1])) == #"["a\"\\\n\u0001é"]"#)
    }

    @Test("what is written as JSON reads back the same", arguments: ElementType.allCases)
    func jsonRoundTrip(type: ElementType) throws {
        let tensor = try Samples.tensor(of: type)
        guard type != .float16, type != .bfloat16 else {
            let error = refusal { _ = try json(["y": tensor]) }
            #expect(error?.code == .notEncodable)
            #expect(error?.message.contains("sending \(type.rawValue) data via JSON is not supported") == true)
            return
        }
        let body = try json(["x": tensor]).replacing("\"outputs\":", with: "\"inputs\":")
        let back = try decodeV2(body).inference.inputs["x"]
        #expect(back?.shape == tensor.shape)
        #expect(back?.storage.bytes.elementsEqual(tensor.storage.bytes) == true)
    }

    @Test("what is written as binary reads back the same", arguments: ElementType.allCases)
    func binaryRoundTrip(type: ElementType) throws {
        let tensor = try Samples.tensor(of: type)
        let reply = try V2InferEncoder.encode(response(["x": tensor]), as: V2ReplyForm(isBinary: true))
        let header = try #require(reply.headerLength)
        #expect(reply.contentType == "application/octet-stream")
        #expect(reply.byteCount == header + tensor.byteCount)
        #expect(text(reply.body).contains("\"parameters\":{\"binary_data_size\":\(tensor.byteCount)}"))
        let body = reply.body
        let json = text(Array(body[..<header])).replacing("\"outputs\":", with: "\"inputs\":")
        let back = try decodeV2(json, binary: Array(body[header...])).inference.inputs["x"]
        #expect(back?.shape == tensor.shape)
        #expect(back?.storage.bytes.elementsEqual(tensor.storage.bytes) == true)
    }

    @Test("binary outputs are handed on without a copy, in the order asked for")
    func segments() throws {
        let a = try Tensor([1, 2] as [UInt8], shape: [2])
        let b = try Tensor([3] as [UInt8], shape: [1])
        let empty = try Tensor([] as [UInt8], shape: [0])
        let form = V2ReplyForm(outputs: [
            .init(name: "b", isBinary: true), .init(name: "e", isBinary: true), .init(name: "a", isBinary: true),
        ])
        let reply = try V2InferEncoder.encode(response(["a": a, "b": b, "e": empty]), as: form)
        #expect(reply.segments.count == 3)
        let storages = reply.segments.compactMap { segment -> TensorStorage? in
            if case .storage(let storage) = segment { storage } else { nil }
        }
        #expect(storages.map { $0 === b.storage } == [true, false])
        #expect(storages.last === a.storage)
        #expect(Array(reply.body.suffix(3)) == [3, 1, 2])
        #expect(
            text(reply.body).contains(
                #"{"name":"e","datatype":"UINT8","shape":[0],"parameters":{"binary_data_size":0}}"#))
    }

    @Test("only the requested outputs are written, and a missing one is the server's fault")
    func requested() throws {
        let outputs: NamedTensors = try [
            "a": Tensor([1] as [Int8], shape: [1]), "b": Tensor([2] as [Int8], shape: [1]),
        ]
        let written = try json(outputs, V2ReplyForm(outputs: [.init(name: "b")]))
        #expect(written.contains("\"b\"") && !written.contains("\"a\""))
        let error = refusal { _ = try json(outputs, V2ReplyForm(outputs: [.init(name: "c")])) }
        #expect(error?.category == .internal)
    }

    @Test("text that is not UTF-8 must be asked for as binary")
    func invalidText() throws {
        let tensor = try Tensor(elementType: .bytes, shape: [1], storage: BytesLayout.pack([[0xFF, 0xFE]]))
        let error = refusal { _ = try json(["y": tensor]) }
        #expect(error?.category == .invalidInput)
        #expect(error?.message.contains("binary_data") == true)
        let reply = try V2InferEncoder.encode(response(["y": tensor]), as: V2ReplyForm(isBinary: true))
        #expect(Array(reply.body.suffix(2)) == [0xFF, 0xFE])
    }

    @Test("the best classes come instead of the values, one list for each row")
    func classification() throws {
        let scores = try Tensor([0.1, 0.7, 0.2, .nan, 5, 5] as [Float], shape: [2, 3])
        let form = V2ReplyForm(outputs: [.init(name: "y", classification: 2)])
        let reply = try V2InferEncoder.encode(response(["y": scores]), as: form, labels: ["y": ["cat", "dog"]])
        #expect(
            text(reply.body).contains(
                joined(
                    #""datatype":"BYTES","shape":[2,2],"data":["0.700000:1:dog","0.200000:2","#,
                    #""5.000000:1:dog","5.000000:2"]"#)))
        let whole = try Tensor([3, -1] as [Int32], shape: [2])
        let all = V2ReplyForm(outputs: [.init(name: "y", isBinary: true, classification: 9)])
        let binary = try V2InferEncoder.encode(response(["y": whole]), as: all)
        #expect(text(Array(binary.body.suffix(15))) == "\u{3}\0\0\u{0}3:0\u{4}\0\0\u{0}-1:1")
        #expect(text(binary.body).contains(#""shape":[2]"#))
        for type in [ElementType.float16, .bytes, .bool] {
            let tensor = try Samples.tensor(of: type)
            #expect(refusal { _ = try V2InferEncoder.encode(response(["y": tensor]), as: form) }?.code == .notEncodable)
        }
    }
}

/// One tensor of each type, with the ends of its range in it.
enum Samples {
    static func tensor(of type: ElementType) throws -> Tensor {
        switch type {
        case .bool: try Tensor([true, false, true, true], shape: [2, 2])
        case .int8: try Tensor([Int8.min, -1, 0, .max], shape: [2, 2])
        case .int16: try Tensor([Int16.min, -1, 0, .max], shape: [2, 2])
        case .int32: try Tensor([Int32.min, -1, 0, .max], shape: [2, 2])
        case .int64: try Tensor([Int64.min, -1, 0, .max], shape: [2, 2])
        case .uint8: try Tensor([UInt8.min, 1, 100, .max], shape: [2, 2])
        case .uint16: try Tensor([UInt16.min, 1, 100, .max], shape: [2, 2])
        case .uint32: try Tensor([UInt32.min, 1, 100, .max], shape: [2, 2])
        case .uint64: try Tensor([UInt64.min, 1, 100, .max], shape: [2, 2])
        case .float16: try Tensor([Float16.greatestFiniteMagnitude, -0.0, 0.1, .infinity], shape: [2, 2])
        case .bfloat16: try Tensor([1, -0.0, 0.1, 3e38].map { BFloat16($0) }, shape: [2, 2])
        case .float32:
            try Tensor([Float.greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude, -.infinity], shape: [2, 2])
        case .float64:
            try Tensor([Double.greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude, .infinity], shape: [2, 2])
        case .bytes: try Tensor(["", "é\u{0}\"", "日本", "😀\\"], shape: [2, 2])
        }
    }
}
