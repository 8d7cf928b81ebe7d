// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("TensorFlow Serving's predict in protobuf")
struct TensorFlowPredictMessageTests {
    /// Decodes a request whose bytes the generated code wrote.
    private func decode(
        _ build: (inout Tensorflow_Serving_PredictRequest) -> Void
    ) throws -> TensorFlowPredictMessage {
        var request = Tensorflow_Serving_PredictRequest()
        request.modelSpec.name = "m"
        build(&request)
        return try decode(bytes: try request.serializedBytes())
    }

    private func decode(bytes: [UInt8]) throws -> TensorFlowPredictMessage {
        try bytes.withUnsafeBytes { try TensorFlowPredictMessage.decode($0) }
    }

    private func tensor(
        _ dtype: Tensorflow_DataType, _ shape: [Int64], _ fill: (inout Tensorflow_TensorProto) -> Void = { _ in }
    ) throws -> Tensor {
        let message = try decode { $0.inputs["x"] = Self.proto(dtype, shape, fill) }
        return try #require(message.inference.inputs["x"])
    }

    private static func proto(
        _ dtype: Tensorflow_DataType, _ shape: [Int64], _ fill: (inout Tensorflow_TensorProto) -> Void = { _ in }
    ) -> Tensorflow_TensorProto {
        .with {
            $0.dtype = dtype
            $0.tensorShape.dim = shape.map { extent in .with { $0.size = extent } }
            fill(&$0)
        }
    }

    @Test("names, version, signature and wanted outputs are read")
    func heads() throws {
        let byNumber = try decode {
            $0.modelSpec.version.value = 7
            $0.modelSpec.signatureName = "serving_default"
            $0.outputFilter = ["b", "a"]
        }
        #expect(byNumber.target == TensorFlowTarget(endpoint: "m", version: 7))
        #expect(byNumber.inference.version == 7)
        #expect(byNumber.inference.requestedOutputs == ["b", "a"])
        let byLabel = try decode { $0.modelSpec.versionLabel = "stable" }
        #expect(byLabel.target == TensorFlowTarget(endpoint: "m", label: "stable"))
        #expect(byLabel.inference.version == nil)
        #expect(byLabel.inference.requestedOutputs == nil)
    }

    @Test("every type comes in its list")
    func lists() throws {
        #expect(
            try tensor(.dtFloat, [2]) { $0.floatVal = [1.5, .infinity] }.values(as: Float.self) == [1.5, .infinity])
        #expect(try tensor(.dtDouble, [1, 2]) { $0.doubleVal = [-2, 1e300] }.values(as: Double.self) == [-2, 1e300])
        #expect(try tensor(.dtInt8, [2]) { $0.intVal = [-128, 127] }.values(as: Int8.self) == [-128, 127])
        #expect(try tensor(.dtInt16, [2]) { $0.intVal = [-32768, 1] }.values(as: Int16.self) == [-32768, 1])
        #expect(try tensor(.dtInt32, [2]) { $0.intVal = [.min, .max] }.values(as: Int32.self) == [.min, .max])
        #expect(try tensor(.dtUint8, [2]) { $0.intVal = [0, 255] }.values(as: UInt8.self) == [0, 255])
        #expect(try tensor(.dtUint16, [1]) { $0.intVal = [65535] }.values(as: UInt16.self) == [65535])
        #expect(try tensor(.dtInt64, [2]) { $0.int64Val = [.min, .max] }.values(as: Int64.self) == [.min, .max])
        #expect(try tensor(.dtUint32, [1]) { $0.uint32Val = [.max] }.values(as: UInt32.self) == [.max])
        #expect(try tensor(.dtUint64, [1]) { $0.uint64Val = [.max] }.values(as: UInt64.self) == [.max])
        #expect(try tensor(.dtBool, [2]) { $0.boolVal = [true, false] }.values(as: Bool.self) == [true, false])
        #expect(try tensor(.dtHalf, [1]) { $0.halfVal = [0x3C00] }.values(as: Float16.self) == [1])
        #expect(try tensor(.dtBfloat16, [1]) { $0.halfVal = [0x3F80] }.values(as: BFloat16.self)?[0].float == 1)
        let texts = try tensor(.dtString, [2]) { $0.stringVal = [.init("é".utf8), .init([UInt8]())] }
        #expect(texts.strings == ["é", ""])
    }

    @Test("a scalar has no dimensions, and an empty tensor no elements")
    func scalarsAndEmpties() throws {
        #expect(try tensor(.dtFloat, []) { $0.floatVal = [4] }.shape == [])
        #expect(try tensor(.dtFloat, [0, 3]).shape == [0, 3])
        #expect(try tensor(.dtString, [0]).byteCount == 0)
    }

    @Test("tensor_content holds the elements as memory does, texts with their lengths first")
    func content() throws {
        let floats = try tensor(.dtFloat, [2]) { $0.tensorContent = .init([0, 0, 128, 63, 0, 0, 0, 64]) }
        #expect(floats.values(as: Float.self) == [1, 2])
        let bools = try tensor(.dtBool, [3]) { $0.tensorContent = .init([1, 0, 1]) }
        #expect(bools.values(as: Bool.self) == [true, false, true])
        let texts = try tensor(.dtString, [2]) { $0.tensorContent = .init([2, 1, 0x61, 0x62, 0x63]) }
        #expect(texts.strings == ["ab", "c"])
    }

    @Test("one element fills the whole shape")
    func filled() throws {
        let floats = try tensor(.dtFloat, [3, 5]) { $0.floatVal = [2] }
        #expect(floats.values(as: Float.self) == Array(repeating: 2, count: 15))
        let texts = try tensor(.dtString, [3]) { $0.stringVal = [.init("ab".utf8)] }
        #expect(texts.strings == ["ab", "ab", "ab"])
        #expect(try tensor(.dtInt8, [0]) { $0.intVal = [1] }.byteCount == 0)
    }

    @Test("a list may come unpacked and in pieces")
    func pieces() throws {
        // dtype, shape [4], float_val 1 unpacked, float_val packed 2 and 3, float_val 4 unpacked.
        let one: [UInt8] = [0x2D, 0, 0, 128, 63]
        let four: [UInt8] = [0x2D, 0, 0, 128, 64]
        let packed: [UInt8] = [0x2A, 8, 0, 0, 0, 64, 0, 0, 64, 64]
        let tensor: [UInt8] = [0x08, 1, 0x12, 4, 0x12, 2, 0x08, 4] + one + packed + four
        let entry: [UInt8] = [0x12, UInt8(tensor.count)] + tensor + [0x0A, 1, 0x78]
        let bytes: [UInt8] = [0x0A, 3, 0x0A, 1, 0x6D, 0x12, UInt8(entry.count)] + entry
        #expect(try decode(bytes: bytes).inference.inputs["x"]?.values(as: Float.self) == [1, 2, 3, 4])
    }

    @Test("large content is a view of memory that is kept and aligned, else one copy")
    func views() throws {
        var request = Tensorflow_Serving_PredictRequest()
        request.modelSpec.name = "m"
        request.inputs["x"] = Self.proto(.dtUint8, [4096]) {
            $0.tensorContent = .init(repeating: 7, count: 4096)
        }
        let bytes: [UInt8] = try request.serializedBytes()
        for shift in 0..<TensorStorage.alignment {
            let storage = TensorStorage(byteCount: shift + bytes.count) { target in
                target.copyBytes(from: [UInt8](repeating: 0, count: shift) + bytes)
            }
            let part = UnsafeRawBufferPointer(rebasing: storage.bytes[shift...])
            let tensor = try #require(
                try TensorFlowPredictMessage.decode(part, keptBy: storage).inference.inputs["x"])
            #expect(UInt(bitPattern: tensor.storage.bytes.baseAddress) % UInt(TensorStorage.alignment) == 0)
            #expect(tensor.storage.bytes.allSatisfy { $0 == 7 })
        }
    }

    @Test(
        "tensors that contradict themselves are refused, and the input is named",
        arguments: [
            proto(.dtFloat, [2]), proto(.dtFloat, [3]) { $0.floatVal = [1, 2] },
            proto(.dtFloat, [1]) { $0.floatVal = [1, 2] }, proto(.dtFloat, [-1]) { $0.floatVal = [1] },
            proto(.dtFloat, [2, .min]) { $0.floatVal = [1] }, proto(.dtFloat, [1]) { $0.doubleVal = [1] },
            proto(.dtFloat, [1]) { $0.tensorShape.unknownRank = true },
            proto(.dtFloat, [1]) { $0.tensorContent = .init([0, 0, 0]) },
            proto(.dtFloat, [0]) { $0.tensorContent = .init([0, 0, 0, 0]) },
            proto(.dtFloat, [1]) { proto in
                proto.tensorContent = .init([0, 0, 0, 0])
                proto.floatVal = [0]
            },
            proto(.dtFloat, [1 << 32, 1 << 32]) { $0.floatVal = [1] }, proto(.dtFloat, [.max]) { $0.floatVal = [1] },
            proto(.dtDouble, [1 << 24]) { $0.doubleVal = [1] },
            proto(.dtString, [1 << 40]) { $0.stringVal = [.init()] },
            proto(.dtInt8, [1]) { $0.intVal = [128] }, proto(.dtUint8, [1]) { $0.intVal = [-1] },
            proto(.dtHalf, [1]) { $0.halfVal = [65536] }, proto(.dtBool, [1]) { $0.tensorContent = .init([2]) },
            proto(.dtString, [2]) { $0.tensorContent = .init([2, 1, 0x61]) },
            proto(.dtString, [1 << 40]) { $0.tensorContent = .init([0]) },
            proto(.dtInvalid, [1]) { $0.floatVal = [1] }, proto(.UNRECOGNIZED(99), [1]) { $0.floatVal = [1] },
            proto(.dtFloat, Array(repeating: 1, count: 65)) { $0.floatVal = [1] },
        ])
    func contradictory(proto: Tensorflow_TensorProto) {
        let error = refusal { _ = try decode { $0.inputs["image"] = proto } }
        #expect(error?.category == .invalidInput)
        #expect(error?.location?.contains("'image'") == true)
    }

    @Test(
        "types that no engine takes are refused by name",
        arguments: [
            (.dtComplex64, "DT_COMPLEX64"), (.dtQint8, "DT_QINT8"), (.dtResource, "DT_RESOURCE"),
            (.dtFloat8E4M3Fn, "DT_FLOAT8_E4M3FN"), (.dtInt4, "DT_INT4"),
        ] as [(Tensorflow_DataType, String)])
    func unsupported(dtype: Tensorflow_DataType, name: String) {
        let error = refusal { _ = try tensor(dtype, [1]) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(name) == true)
    }

    @Test("single elements fill no more than their budget, however many tensors they are spread over")
    func fillBudget() {
        let error = refusal {
            _ = try decode { request in
                for index in 0..<20 {
                    request.inputs["x\(index)"] = Self.proto(.dtFloat, [1 << 20]) { $0.floatVal = [1] }
                }
            }
        }
        #expect(error?.message.contains("one element") == true)
    }

    @Test("requests that name no model, or too much, are refused")
    func badHeads() {
        #expect(refusal { _ = try decode(bytes: []) }?.code == .invalidRequest)
        #expect(refusal { _ = try decode { $0.modelSpec.signatureName = "other" } }?.code == .invalidRequest)
        #expect(refusal { _ = try decode { $0.modelSpec.version.value = -1 } }?.code == .invalidRequest)
        let names = (0...TensorFlowPredictMessage.maximumNames).map { String($0) }
        #expect(refusal { _ = try decode { $0.outputFilter = names } }?.code == .invalidRequest)
        let many = refusal {
            _ = try decode { request in
                for name in names { request.inputs[name] = Self.proto(.dtFloat, []) { $0.floatVal = [1] } }
            }
        }
        #expect(many?.message.contains("1024 inputs") == true)
    }

    @Test(
        "malformed bytes are refused",
        arguments: [
            [0x0A], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x08, 0x01], [0x0B], [0x0F], [0x00, 0x00], [0x12, 0x00],
            [0x0A, 0x03, 0x0A, 0x01, 0xFF], [0x12, 0x02, 0x12, 0x7F], [0x12, 0x04, 0x12, 0x02, 0x2A, 0x01],
            [0x12, 0x07, 0x12, 0x05, 0x08, 0x01, 0x2A, 0x01, 0x00], [0x12, 0x06, 0x12, 0x04, 0x08, 0x09, 0x50, 0x80],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(refusal { _ = try decode(bytes: [0x0A, 3, 0x0A, 1, 0x6D] + bytes) }?.category == .invalidInput)
    }

    @Test("an input that comes twice is refused")
    func twice() throws {
        var request = Tensorflow_Serving_PredictRequest()
        request.inputs["x"] = Self.proto(.dtFloat, []) { $0.floatVal = [1] }
        let entry: [UInt8] = try request.serializedBytes()
        let error = refusal { _ = try decode(bytes: [0x0A, 3, 0x0A, 1, 0x6D] + entry + entry) }
        #expect(error?.message.contains("twice") == true)
    }

    // MARK: - Replies

    private func encode(_ outputs: NamedTensors) throws -> Tensorflow_Serving_PredictResponse {
        var bytes: [UInt8] = []
        for segment in TensorFlowPredictMessage.encode(response(outputs)) {
            segment.withBytes { bytes.append(contentsOf: $0) }
        }
        return try Tensorflow_Serving_PredictResponse(serializedBytes: bytes)
    }

    @Test("outputs of every type read back with the generated code, in their lists")
    func replies() throws {
        let reply = try encode([
            "f": Tensor([1.5, -2] as [Float], shape: [1, 2]), "d": Tensor([1e300] as [Double], shape: []),
            "i8": Tensor([-1, 5] as [Int8], shape: [2]), "i16": Tensor([-300] as [Int16], shape: [1]),
            "i32": Tensor([.min, 0] as [Int32], shape: [2]), "i64": Tensor([.min, .max] as [Int64], shape: [2]),
            "u8": Tensor([255] as [UInt8], shape: [1]), "u16": Tensor([65535] as [UInt16], shape: [1]),
            "u32": Tensor([.max] as [UInt32], shape: [1]), "u64": Tensor([.max, 127, 128] as [UInt64], shape: [3]),
            "b": Tensor([true, false] as [Bool], shape: [2]), "h": Tensor([1] as [Float16], shape: [1]),
            "bf": Tensor([BFloat16(1)], shape: [1]), "s": Tensor(["é", ""], shape: [2]),
            "e": Tensor([] as [Float], shape: [2, 0]),
        ])
        #expect(reply.modelSpec.name == "m")
        #expect(reply.modelSpec.version.value == 3)
        #expect(reply.modelSpec.signatureName == "serving_default")
        #expect(reply.outputs["f"]?.floatVal == [1.5, -2])
        #expect(reply.outputs["f"]?.dtype == .dtFloat)
        #expect(reply.outputs["f"]?.tensorShape.dim.map(\.size) == [1, 2])
        #expect(reply.outputs["d"]?.doubleVal == [1e300])
        #expect(reply.outputs["d"]?.tensorShape.dim.isEmpty == true)
        #expect(reply.outputs["i8"]?.intVal == [-1, 5])
        #expect(reply.outputs["i16"]?.intVal == [-300])
        #expect(reply.outputs["i32"]?.intVal == [.min, 0])
        #expect(reply.outputs["i64"]?.int64Val == [.min, .max])
        #expect(reply.outputs["u8"]?.intVal == [255])
        #expect(reply.outputs["u16"]?.intVal == [65535])
        #expect(reply.outputs["u32"]?.uint32Val == [.max])
        #expect(reply.outputs["u64"]?.uint64Val == [.max, 127, 128])
        #expect(reply.outputs["b"]?.boolVal == [true, false])
        #expect(reply.outputs["h"]?.halfVal == [0x3C00])
        #expect(reply.outputs["bf"]?.halfVal == [0x3F80])
        #expect(reply.outputs["bf"]?.dtype == .dtBfloat16)
        #expect(reply.outputs["s"]?.stringVal == [.init("é".utf8), .init()])
        #expect(reply.outputs["e"]?.tensorShape.dim.map(\.size) == [2, 0])
    }

    @Test("large floats leave as they lie in memory")
    func segments() throws {
        let large = try Tensor([Float](repeating: 1, count: 5000), shape: [5000])
        let segments = TensorFlowPredictMessage.encode(response(["y": large]))
        let isShared = segments.contains { segment in
            if case .storage(let storage) = segment { storage === large.storage } else { false }
        }
        #expect(isShared)
        #expect(try encode(["y": large]).outputs["y"]?.floatVal.count == 5000)
    }

    @Test("what was taken goes back unchanged")
    func roundTrip() throws {
        let outputs: NamedTensors = [
            "a": try Tensor([1, 2, 3] as [Int64], shape: [3]), "b": try Tensor(["x", "yz"], shape: [1, 2]),
        ]
        let reply = try encode(outputs)
        let message = try decode { $0.inputs = reply.outputs }
        #expect(message.inference.inputs["a"]?.values(as: Int64.self) == [1, 2, 3])
        #expect(message.inference.inputs["b"]?.strings == ["x", "yz"])
    }
}
