// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("Damaged TensorFlow Serving requests are refused without a crash")
struct TensorFlowMutationTests {
    @Test("protobuf", arguments: [1, 2, 3] as [UInt64])
    func messages(seed: UInt64) throws {
        let request = Tensorflow_Serving_PredictRequest.with {
            $0.modelSpec.name = "m"
            $0.modelSpec.version.value = 1
            $0.outputFilter = ["y"]
            $0.inputs["f"] = tensor(.dtFloat, [2, 2]) { $0.floatVal = [1, 2, 3, 4] }
            $0.inputs["g"] = tensor(.dtFloat, [3]) { $0.floatVal = [1] }
            $0.inputs["i"] = tensor(.dtInt8, [3]) { $0.intVal = [-1, 0, 127] }
            $0.inputs["s"] = tensor(.dtString, [2]) { $0.stringVal = [.init("ab".utf8), .init("c".utf8)] }
            $0.inputs["t"] = tensor(.dtString, [2]) { $0.tensorContent = .init([2, 1, 97, 98, 99]) }
            $0.inputs["c"] = tensor(.dtInt64, [1]) { $0.tensorContent = .init([1, 2, 3, 4, 5, 6, 7, 8]) }
        }
        try mutate(seeds: [try request.serializedBytes()], iterations: 20_000, seed: seed) { body in
            let message = try body.withUnsafeBytes { try TensorFlowPredictMessage.decode($0) }
            // What was taken must be sound enough to be written again.
            var bytes: [UInt8] = []
            for segment in TensorFlowPredictMessage.encode(response(message.inference.inputs)) {
                segment.withBytes { bytes.append(contentsOf: $0) }
            }
            let read = try Tensorflow_Serving_PredictResponse(serializedBytes: bytes)
            #expect(read.outputs.count == message.inference.inputs.count)
        }
    }

    private func tensor(
        _ dtype: Tensorflow_DataType, _ shape: [Int64], _ fill: (inout Tensorflow_TensorProto) -> Void
    ) -> Tensorflow_TensorProto {
        .with {
            $0.dtype = dtype
            $0.tensorShape.dim = shape.map { extent in .with { $0.size = extent } }
            fill(&$0)
        }
    }

    @Test("JSON", arguments: [1, 2] as [UInt64])
    func json(seed: UInt64) throws {
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "a", elementType: .float32, shape: [.dynamic, .fixed(2)]),
                TensorSpec(name: "b", elementType: .bytes, shape: [.dynamic], isOptional: true),
            ], outputs: [])
        let seeds = [
            #"{"signature_name":"","instances":[{"a":[1,2],"b":{"b64":"QUJD"}},{"a":[3,4],"b":"x"}]}"#,
            #"{"instances":[[1,2],[NaN,-Infinity]]}"#, #"{"inputs":{"a":[[1,2]],"b":[{"b64":"/w=="}]}}"#,
            #"{"examples":[{"a":[1,2.5],"b":"x"}],"context":{"b":{"b64":"QQ"}}}"#,
        ].map { Array($0.utf8) }
        try mutate(seeds: seeds, iterations: 20_000, seed: seed) { body in
            let inputs: NamedTensors
            if let list = try? body.withUnsafeBytes({ try TensorFlowExamplesDecoder.decode($0) }) {
                inputs = try list.inputs(for: signature)
            } else {
                let decoder = TensorFlowPredictDecoder(endpoint: "m", signature: signature)
                inputs = try body.withUnsafeBytes { try decoder.decode($0) }.inputs
            }
            _ = try TensorFlowPredictEncoder.encode(response(inputs), style: .columns)
        }
    }
}
