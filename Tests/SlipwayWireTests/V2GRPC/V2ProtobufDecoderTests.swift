// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("ModelInferRequest is read as the generated code writes it")
struct V2ProtobufDecoderTests {
    /// Two elements of every type, whole or as bits.
    private static let samples: [(ElementType, [UInt8])] = [
        (.bool, [1, 0]), (.int8, [0xFF, 0x7F]), (.uint8, [0, 0xFF]), (.int16, [0, 0x80, 0xFF, 0x7F]),
        (.uint16, [1, 0, 0xFF, 0xFF]), (.float16, [0, 0x3C, 0, 0xBC]), (.bfloat16, [0x80, 0x3F, 0x80, 0xBF]),
        (.int32, [0, 0, 0, 0x80, 1, 0, 0, 0]), (.uint32, [1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
        (.float32, [0, 0, 0xC0, 0x3F, 0, 0, 0xC0, 0x7F]),
        (.int64, [0, 0, 0, 0, 0, 0, 0, 0x80] + [1, 2, 3, 4, 5, 6, 7, 8]),
        (.uint64, [UInt8](repeating: 0xFF, count: 8) + [1, 2, 3, 4, 5, 6, 7, 8]),
        (.float64, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F] + [0, 0, 0, 0, 0, 0, 0xF0, 0xFF]),
        (.bytes, [1, 0, 0, 0, 65, 0, 0, 0, 0]),
    ]

    @Test("raw contents of every type", arguments: samples)
    func raw(type: ElementType, bytes: [UInt8]) throws {
        let request = try decodeGRPC(Inference_ModelInferRequest(type.rawValue, [1, 2], raw: bytes))
        let tensor = try #require(request.inference.inputs["x"])
        #expect(tensor.elementType == type)
        #expect(tensor.shape == [1, 2])
        #expect(Array(tensor.storage.bytes) == bytes)
    }

    @Test("every type has a sample")
    func allTypes() {
        #expect(Set(Self.samples.map(\.0)) == Set(ElementType.allCases))
    }

    private static let typed: [(ElementType, @Sendable (inout Inference_InferTensorContents) -> Void)] = [
        (.bool, { $0.boolContents = [true, false] }),
        (.int8, { $0.intContents = [-1, 127] }),
        (.int16, { $0.intContents = [-32768, 32767] }),
        (.int32, { $0.intContents = [.min, 1] }),
        (.int64, { $0.int64Contents = [.min, 0x0807_0605_0403_0201] }),
        (.uint8, { $0.uintContents = [0, 255] }),
        (.uint16, { $0.uintContents = [1, 65535] }),
        (.uint32, { $0.uintContents = [0x0403_0201, .max] }),
        (.uint64, { $0.uint64Contents = [.max, 0x0807_0605_0403_0201] }),
        (.float32, { $0.fp32Contents = [1.5, .nan] }),
        (.float64, { $0.fp64Contents = [1.5, -.infinity] }),
        (.bytes, { $0.bytesContents = [.init([65]), .init()] }),
    ]

    @Test("typed contents of every type that has them", arguments: typed)
    func typedContents(
        type: ElementType, fill: @Sendable (inout Inference_InferTensorContents) -> Void
    ) throws {
        let request = try decodeGRPC(Inference_ModelInferRequest(type.rawValue, [2], fill))
        let expected = Self.samples.first { $0.0 == type }?.1
        #expect(request.inference.inputs["x"].map { Array($0.storage.bytes) } == expected)
    }

    @Test(
        "numbers that are not packed, or packed in several runs, read as one list",
        arguments: [
            [0x10, 5, 0x10, 6, 0x10, 7], [0x12, 3, 5, 6, 7], [0x12, 1, 5, 0x10, 6, 0x12, 0, 0x12, 1, 7],
        ] as [[UInt8]])
    func unpacked(contents: [UInt8]) throws {
        let input = field(1, [120]) + field(2, Array("INT32".utf8)) + [0x18, 3] + field(5, contents)
        let tensor = try #require(try decodeGRPC(field(5, input)).inference.inputs["x"])
        #expect(tensor.values(as: Int32.self) == [5, 6, 7])
    }

    @Test("floats that are not packed")
    func unpackedFloats() throws {
        let contents: [UInt8] = [0x35, 0, 0, 0x80, 0x3F, 0x35, 0, 0, 0, 0x40]
        let input = field(1, [120]) + field(2, Array("FP32".utf8)) + field(3, [2]) + field(5, contents)
        let tensor = try #require(try decodeGRPC(field(5, input)).inference.inputs["x"])
        #expect(tensor.values(as: Float.self) == [1, 2])
    }

    @Test("scalars and empty tensors")
    func sizes() throws {
        var request = Inference_ModelInferRequest("INT64", [0, 3])
        #expect(try decodeGRPC(request).inference.inputs["x"]?.count == 0)
        request = Inference_ModelInferRequest("INT64", []) { $0.int64Contents = [7] }
        #expect(try decodeGRPC(request).inference.inputs["x"]?.values(as: Int64.self) == [7])
    }

    @Test("id, version, parameters, deadline and requested outputs")
    func head() throws {
        var message = Inference_ModelInferRequest("FP32", [1], raw: [0, 0, 0, 0])
        message.id = "a-7"
        message.modelVersion = "12"
        message.parameters = [
            "priority": .with { $0.uint64Param = 2 }, "sequence_id": .with { $0.int64Param = -1 },
            "sequence_start": .with { $0.boolParam = true }, "note": .with { $0.stringParam = "é" },
            "rate": .with { $0.doubleParam = 0.5 }, "timeout": .with { $0.int64Param = 1000 },
            "huge": .with { $0.uint64Param = .max }, "binary_data_output": .with { $0.boolParam = true },
        ]
        message.outputs = [
            .with {
                $0.name = "scores"
                $0.parameters = ["classification": .with { $0.uint64Param = 3 }]
            },
            .with { $0.name = "other" },
        ]
        let bytes: [UInt8] = try message.serializedBytes()
        let now = ContinuousClock.now
        let decoded = try bytes.withUnsafeBytes { try V2ProtobufDecoder.decode($0, receivedAt: now) }
        let request = decoded.inference
        #expect(request.id == "a-7")
        #expect(request.endpoint == "m")
        #expect(request.version == 12)
        #expect(request.deadline == now + .milliseconds(1))
        #expect(request.requestedOutputs == ["scores", "other"])
        #expect(
            request.parameters == [
                "priority": .int(2), "sequence_id": .int(-1), "sequence_start": .bool(true), "note": .string("é"),
                "rate": .double(0.5), "huge": .double(Double(UInt64.max)),
            ])
        #expect(decoded.replyForm.outputs == [.init(name: "scores", classification: 3), .init(name: "other")])
    }

    @Test("nothing said: no id, no version, all outputs")
    func defaults() throws {
        let request = try decodeGRPC(Inference_ModelInferRequest("UINT8", [1], raw: [3]))
        #expect(request.inference.id == nil)
        #expect(request.inference.version == nil)
        #expect(request.inference.deadline == nil)
        #expect(request.inference.requestedOutputs == nil)
        #expect(request.replyForm.outputs == nil)
    }

    @Test("fields that are not known are skipped, whatever their type")
    func unknownFields() throws {
        let sound: [UInt8] = try Inference_ModelInferRequest("UINT8", [1], raw: [3]).serializedBytes()
        let unknown: [UInt8] = [0x78, 0x80, 1, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7D, 1, 2, 3, 4] + field(15, [9, 9])
        #expect(try decodeGRPC(unknown + sound + unknown).inference.inputs["x"]?.values(as: UInt8.self) == [3])
    }

    @Test("a raw tensor that lies aligned is a view of the message, another one a copy", arguments: [0, 1])
    func views(shift: Int) throws {
        let raw = [UInt8](repeating: 7, count: 256)
        let head: [UInt8] = try Inference_ModelInferRequest("UINT8", [256]).serializedBytes()
        // Tag and two bytes of length stand before the values.
        let start = TensorStorage.alignment * 2 - head.count - 3 + shift
        let message = head + field(7, raw)
        let owner = TensorStorage(byteCount: start + message.count) { target in
            UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyBytes(from: message)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: owner.bytes[start...])
        let decoded = try V2ProtobufDecoder.decode(bytes, keptBy: owner)
        let storage = try #require(decoded.inference.inputs["x"]).storage
        let address = try #require(storage.bytes.baseAddress)
        let base = try #require(bytes.baseAddress)
        #expect((base..<(base + bytes.count)).contains(address) == (shift == 0))
        #expect(storage.bytes.elementsEqual(raw))
    }
}
