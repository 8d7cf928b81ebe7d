// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("V2 inference requests are decoded")
struct V2DecoderTests {
    @Test("a request with everything in it")
    func full() throws {
        let start = ContinuousClock.now
        let json = #"""
             {"id":"r\u00e9","parameters":{"priority":2,"timeout":1500,"sequence_id":7,"note":"x","p":0.5,"q":true},
              "inputs":[{"name":"a","shape":[2,2],"datatype":"INT32","data":[[1,2],[3,-4]]},
                        {"data":[1.5,2],"parameters":{},"name":"b","shape":[1,2],"datatype":"FP64"}],
              "outputs":[{"name":"y","parameters":{"binary_data":true}},
                         {"name":"z","parameters":{"classification":3}}], "extra":[{"deep":[null,1e5]}]}
            """#
        let decoded = try Array(json.utf8).withUnsafeBytes {
            try V2InferDecoder(endpoint: "m", version: 4).decode($0, receivedAt: start)
        }
        let inference = decoded.inference
        #expect(inference.id == "ré")
        #expect(inference.endpoint == "m")
        #expect(inference.version == 4)
        #expect(inference.inputs.names == ["a", "b"])
        #expect(inference.inputs["a"]?.values(as: Int32.self) == [1, 2, 3, -4])
        #expect(inference.inputs["b"]?.values(as: Double.self) == [1.5, 2])
        #expect(inference.inputs["b"]?.shape == [1, 2])
        #expect(inference.requestedOutputs == ["y", "z"])
        #expect(inference.deadline == start + .microseconds(1500))
        #expect(
            inference.parameters == [
                "priority": .int(2), "sequence_id": .int(7), "note": .string("x"), "p": .double(0.5), "q": .bool(true),
            ])
        #expect(
            decoded.replyForm.outputs == [
                .init(name: "y", isBinary: true), .init(name: "z", classification: 3),
            ])
    }

    @Test("without requested outputs all come, as binary_data_output says")
    func defaults() throws {
        let plain = try decodeV2(oneInput(.uint8, "[1]", "[1]"))
        #expect(plain.replyForm == V2ReplyForm())
        #expect(plain.inference.requestedOutputs == nil)
        #expect(plain.inference.deadline == nil)
        let binary = try decodeV2(
            joined(
                #"{"inputs":[{"name":"x","datatype":"UINT8","shape":[1],"data":[1]}],"#,
                #""parameters":{"binary_data_output":true},"outputs":[]}"#))
        #expect(binary.replyForm == V2ReplyForm(isBinary: true))
        #expect(binary.inference.parameters.isEmpty)
    }

    @Test("an output's own flag overrides the request's")
    func outputFlag() throws {
        let request = try decodeV2(
            joined(
                #"{"inputs":[],"parameters":{"binary_data_output":true},"outputs":[{"name":"a"},"#,
                #"{"name":"b","parameters":{"binary_data":false}}]}"#))
        #expect(request.replyForm.outputs?.map(\.isBinary) == [true, false])
    }

    @Test("data may be flat or nested, and empty where the shape is")
    func layouts() throws {
        #expect(
            try decodeV2(oneInput(.int8, "[2,1,2]", "[[[1,2]],[[3,4]]]")).inference.inputs["x"]?.shape == [2, 1, 2])
        #expect(try decodeV2(oneInput(.int8, "[2,1,2]", " [ 1 , 2 ,\n3,4 ] ")).inference.inputs["x"]?.count == 4)
        #expect(try decodeV2(oneInput(.int8, "[]", "[5]")).inference.inputs["x"]?.values(as: Int8.self) == [5])
        #expect(try decodeV2(oneInput(.int8, "[]", "5")).inference.inputs["x"]?.values(as: Int8.self) == [5])
        for empty in ["[]", "[[],[]]"] {
            #expect(try decodeV2(oneInput(.float32, "[2,0,3]", empty)).inference.inputs["x"]?.count == 0)
        }
        #expect(
            try decodeV2(oneInput(.bool, "[4]", "[true,false,1,0]")).inference.inputs["x"]?.values(as: Bool.self)
                == [true, false, true, false])
    }

    @Test("strings are unescaped into BYTES elements")
    func strings() throws {
        let data = #"["plain","","tab\tquote\"slash\\\/","\u00e9\ud83d\ude00\u0000","naïve – 日本 😀"]"#
        let tensor = try decodeV2(oneInput(.bytes, "[5]", data)).inference.inputs["x"]
        #expect(tensor?.strings == ["plain", "", "tab\tquote\"slash\\/", "é😀\u{0}", "naïve – 日本 😀"])
    }

    @Test("binary tensors follow one another behind the JSON, JSON data between them")
    func binaryTail() throws {
        let json =
            joined(
                #"{"inputs":[{"name":"a","shape":[2],"datatype":"FP16","parameters":{"binary_data_size":4}},"#,
                #"{"name":"j","shape":[1],"datatype":"FP32","data":[2.5]},"#,
                #"{"name":"e","shape":[0],"datatype":"FP32","parameters":{"binary_data_size":0}},"#,
                #"{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}}]}"#)
        let binary: [UInt8] = [0x00, 0x3C, 0x00, 0xC0, 1, 0, 0, 0, 65, 2, 0, 0, 0, 0xFF, 66]
        let inputs = try decodeV2(json, binary: binary).inference.inputs
        #expect(inputs["a"]?.values(as: Float16.self) == [1, -2])
        #expect(inputs["j"]?.values(as: Float.self) == [2.5])
        #expect(inputs["e"]?.count == 0)
        #expect(inputs["s"]?.byteCount == 11)
        let address = UInt(bitPattern: inputs["a"]?.storage.bytes.baseAddress)
        #expect(address % UInt(TensorStorage.alignment) == 0)
    }

    @Test("a raw body is the one input, its varying dimension deduced")
    func raw() throws {
        func signature(_ type: ElementType, _ shape: [Dimension]?) -> ModelSignature {
            ModelSignature(inputs: [TensorSpec(name: "x", elementType: type, shape: shape)], outputs: [])
        }
        let eight: [UInt8] = Array(repeating: 0, count: 8)
        func shape(_ type: ElementType, _ dimensions: [Dimension]?) throws -> Shape? {
            try decodeV2("", binary: eight, header: "0", signature: signature(type, dimensions)).inference.inputs["x"]?
                .shape
        }
        #expect(try shape(.float32, [.dynamic]) == [2])
        #expect(try shape(.float32, [.symbolic("batch"), .fixed(2)]) == [1, 2])
        #expect(try shape(.float32, [.dynamic, .dynamic, .fixed(1)]) == [1, 2, 1])
        #expect(try shape(.uint8, [.fixed(8)]) == [8])
        let bytes = try decodeV2("", binary: eight, header: "0", signature: signature(.bytes, [.dynamic]))
        #expect(bytes.inference.inputs["x"]?.shape == [1])
        #expect(bytes.inference.inputs["x"]?.byteCount == 12)
        #expect(bytes.replyForm == V2ReplyForm(isBinary: true))

        for dimensions: [Dimension]? in [nil, [.fixed(3)], [.fixed(3), .dynamic], [.dynamic, .dynamic, .dynamic]] {
            #expect(throws: WireError.self) { try shape(.float32, dimensions) }
        }
        #expect(throws: WireError.self) { try decodeV2("", binary: eight, header: "0") }
        #expect(throws: WireError.self) { try shape(.bytes, [.fixed(2)]) }
    }

    @Test("an absurd timeout is no timeout")
    func endlessTimeout() throws {
        let json = #"{"inputs":[],"parameters":{"timeout":9223372036854775807}}"#
        #expect(try decodeV2(json).inference.deadline == nil)
    }
}
