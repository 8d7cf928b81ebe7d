// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("ModelInferResponse is written as the generated code reads it")
struct V2ProtobufEncoderTests {
    @Test("tensors small and large, in the order asked for")
    func outputs() throws {
        let large = [Float](repeating: 1.5, count: 3000)
        let outputs: NamedTensors = [
            "a": try Tensor([1, 2] as [Int32], shape: [2, 1]), "b": try Tensor(large, shape: [3, 1000]),
            "empty": try Tensor([] as [Double], shape: [0, 300]), "s": try Tensor(["é", ""], shape: [2]),
        ]
        let form = V2ReplyForm(outputs: ["s", "b", "empty", "a"].map { V2ReplyForm.Output(name: $0) })
        let segments = try V2ProtobufEncoder.encode(response(outputs, id: "7"), as: form)
        let read = try Inference_ModelInferResponse(serializedBytes: joined(segments))
        #expect(read.modelName == "m")
        #expect(read.modelVersion == "3")
        #expect(read.id == "7")
        #expect(read.outputs.map(\.name) == ["s", "b", "empty", "a"])
        #expect(read.outputs.map(\.datatype) == ["BYTES", "FP32", "FP64", "INT32"])
        #expect(read.outputs.map(\.shape) == [[2], [3, 1000], [0, 300], [2, 1]])
        #expect(
            read.rawOutputContents.map { [UInt8]($0) }
                == ["s", "b", "empty", "a"].map { name in
                    Array(outputs[name]?.storage.bytes ?? .init(start: nil, count: 0))
                })
        #expect(read.outputs.allSatisfy { !$0.hasContents })
    }

    @Test("a large tensor is not copied")
    func noCopy() throws {
        let tensor = try Tensor([Float](repeating: 1, count: 5000), shape: [5000])
        let segments = try V2ProtobufEncoder.encode(response(["y": tensor]), as: V2ReplyForm())
        let isReferred = segments.contains { segment in
            if case .storage(let storage) = segment { return storage === tensor.storage }
            return false
        }
        #expect(isReferred)
    }

    @Test("scalars have no shape")
    func scalar() throws {
        let segments = try V2ProtobufEncoder.encode(
            response(["y": try Tensor([4] as [UInt8], shape: [])]), as: V2ReplyForm())
        let read = try Inference_ModelInferResponse(serializedBytes: joined(segments))
        #expect(read.outputs.first?.shape == [])
        #expect(read.rawOutputContents.map { [UInt8]($0) } == [[4]])
        #expect(read.id.isEmpty)
    }

    @Test("classes instead of values")
    func classes() throws {
        let form = V2ReplyForm(outputs: [.init(name: "y", classification: 1)])
        let segments = try V2ProtobufEncoder.encode(
            response(["y": try Tensor([0, 5] as [Int32], shape: [2])]), as: form, labels: ["y": ["cat", "dog"]])
        let read = try Inference_ModelInferResponse(serializedBytes: joined(segments))
        #expect(read.outputs.first?.datatype == "BYTES")
        #expect(read.rawOutputContents.map { [UInt8]($0) } == [[7, 0, 0, 0] + Array("5:1:dog".utf8)])
    }

    @Test("an output that the model did not return is a fault")
    func missing() throws {
        let form = V2ReplyForm(outputs: [.init(name: "z")])
        let error = refusal { _ = try V2ProtobufEncoder.encode(response([:]), as: form) }
        #expect(error?.code == .incompleteResponse)
    }

    @Test("answers of a stream, small and large", arguments: [1, 5000])
    func streamed(count: Int) throws {
        let tensor = try Tensor([Int16](repeating: 2, count: count), shape: [count])
        let segments = try V2ProtobufEncoder.encodeStreamed(response(["y": tensor], id: "q"), as: V2ReplyForm())
        let read = try Inference_ModelStreamInferResponse(serializedBytes: joined(segments))
        #expect(read.errorMessage.isEmpty)
        #expect(read.inferResponse.id == "q")
        #expect(read.inferResponse.rawOutputContents.map(\.count) == [count * 2])
    }

    @Test("who streams is told which answer is the last, who does not is not", arguments: [true, false])
    func finalAnswers(isFinal: Bool) throws {
        var message = Inference_ModelInferRequest("UINT8", [1], raw: [3])
        message.parameters = ["triton_enable_empty_final_response": .with { $0.boolParam = true }]
        let form = try decodeGRPC(message).replyForm
        let segments = try V2ProtobufEncoder.encodeStreamed(response([:]), as: form, isFinal: isFinal)
        let read = try Inference_ModelStreamInferResponse(serializedBytes: joined(segments))
        #expect(read.inferResponse.parameters == ["triton_final_response": .with { $0.boolParam = isFinal }])
        let unary = try V2ProtobufEncoder.encode(response([:]), as: form)
        #expect(try Inference_ModelInferResponse(serializedBytes: joined(unary)).parameters.isEmpty)
    }

    @Test("a request of a stream that failed is told with its id", arguments: [nil, "q"] as [String?])
    func failure(id: String?) throws {
        let segments = V2ProtobufEncoder.encodeStreamed(failure: "no such model", id: id)
        let read = try Inference_ModelStreamInferResponse(serializedBytes: joined(segments))
        #expect(read.errorMessage == "no such model")
        #expect(read.hasInferResponse == (id != nil))
        #expect(read.inferResponse.id == id ?? "")
    }

    @Test(
        "lengths of varints are those that are written",
        arguments: [0, 1, 127, 128, 16383, 16384, 1 << 35, .max] as [UInt64])
    func varintLengths(value: UInt64) {
        var writer = ProtobufWriter()
        writer.varint(value)
        #expect(writer.bytes.count == ProtobufWriter.byteCount(ofVarint: value))
    }
}
