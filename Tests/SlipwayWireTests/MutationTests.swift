// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Damaged bodies are refused without a crash")
struct MutationTests {
    private static let json: [[UInt8]] = [
        oneInput(.float32, "[2,3]", "[[1.5,-2e-3,0.1],[4,5,123456789.123456789e-5]]"),
        oneInput(.int64, "[2]", "[-9223372036854775808,18446744073709551615]"),
        oneInput(.bytes, "[3]", #"["a\u00e9\ud83d\ude00","日本","\"\\"]"#),
        oneInput(.bool, "[2]", "[true,0]"),
        joined(
            #"{"id":"1","parameters":{"timeout":5,"a":1.5,"binary_data_output":true},"#,
            #""inputs":[{"data":[[NaN,Infinity]],"#,
            #""shape":[1,2],"name":"x","datatype":"FP64"}],"#,
            #""outputs":[{"name":"y","parameters":{"classification":2}}]}"#),
        #"{"data":[{"a":[1,2],"b":"x"},{"a":[3,4],"b":"y"}]}"#,
    ].map { Array($0.utf8) }

    @Test("JSON", arguments: [1, 2, 3] as [UInt64])
    func mutatedJSON(seed: UInt64) throws {
        try mutate(seeds: Self.json, iterations: 20_000, seed: seed) { body in
            let request = try body.withUnsafeBytes { try V2InferDecoder(endpoint: "m").decode($0) }
            // What was taken must be sound enough to be written again.
            _ = try V2InferEncoder.encode(response(request.inference.inputs), as: V2ReplyForm())
        }
    }

    @Test("JSON with binary tensors behind it", arguments: [1, 2, 3] as [UInt64])
    func mutatedBinary(seed: UInt64) throws {
        let head =
            joined(
                #"{"inputs":[{"name":"a","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},"#,
                #"{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}}]}"#)
        let tail: [UInt8] = [0, 0, 0, 63, 0, 0, 0, 64, 1, 0, 0, 0, 65, 2, 0, 0, 0, 66, 67]
        try mutate(seeds: [Array(head.utf8) + tail], iterations: 20_000, seed: seed) { body in
            let header = String(head.utf8.count)
            let request = try body.withUnsafeBytes {
                try V2InferDecoder(endpoint: "m").decode($0, headerLength: header)
            }
            _ = try V2InferEncoder.encode(response(request.inference.inputs), as: V2ReplyForm())
        }
    }

    @Test("rows of the plain routes")
    func mutatedRows() throws {
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "a", elementType: .float16, shape: [.dynamic, .fixed(2)]),
                TensorSpec(name: "b", elementType: .bytes, shape: [.dynamic], isOptional: true),
            ], outputs: [])
        try mutate(seeds: Self.json, iterations: 20_000, seed: 5) { body in
            let request = try body.withUnsafeBytes {
                try PlainDecoder(endpoint: "m", signature: signature).decode($0)
            }
            _ = try PlainEncoder.encode(response(request.inference.inputs), style: .instances)
        }
    }
}
