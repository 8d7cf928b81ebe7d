// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("Bad ModelInferRequests are refused with a reason")
struct V2ProtobufBadInputTests {
    private static let longest: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x07]

    /// Bytes that are not the message, and what the refusal must say.
    private static let malformed: [([UInt8], String)] = [
        ([0x0A], "ends after the data does"),
        ([0x0A, 5, 65], "claims 5 bytes, but only 1 are left"),
        ([0x0A] + longest, "claims 2147483647 bytes"),
        ([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1], "claims 18446744073709551615 bytes"),
        ([0x0A] + [UInt8](repeating: 0xFF, count: 11), "more than 64 bits"),
        ([UInt8](repeating: 0x80, count: 10), "more than 64 bits"),
        ([0x08, 1], "expected protobuf wire type 2, got 0"),
        ([0x0D, 1, 2, 3, 4], "expected protobuf wire type 2, got 5"),
        ([0x79, 1, 2], "claims 8 bytes"),
        ([0x0B], "groups"), ([0x0C], "groups"), ([0x0F], "wire type 7 does not exist"),
        ([0x02, 0], "field 0"), ([0x82, 0x80, 0x80, 0x80, 0x10, 0], "does not exist"),
        (field(1, [0xC3]), "not UTF-8"), (field(3, [0xFF]), "not UTF-8"),
        ([UInt8](repeating: 0x13, count: 100_000), "groups"),
        (field(5, [0x2A] + longest), "claims 2147483647 bytes"),
        (field(4, field(1, [97])), "has invalid type"),
        (field(4, field(1, [97]) + field(2, [])), "has invalid type"),
        (field(4, field(1, [97]) + field(2, [0x0A, 0])), "expected protobuf wire type 0, got 2"),
    ]

    @Test("bytes that are no such message", arguments: malformed)
    func notTheMessage(bytes: [UInt8], reason: String) {
        let error = refusal { _ = try decodeGRPC(bytes) }
        #expect(error?.category == .invalidInput)
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("messages nested without end inside an unknown field are skipped, not followed")
    func deepNesting() throws {
        // Each level takes the field before it as its value.
        var nested: [UInt8] = []
        for _ in 0..<2000 { nested = field(15, nested) }
        let sound: [UInt8] = try Inference_ModelInferRequest("UINT8", [1], raw: [3]).serializedBytes()
        #expect(try decodeGRPC(nested + sound).inference.inputs.count == 1)
    }

    private typealias Request = Inference_ModelInferRequest

    /// A request, and how it must be refused.
    struct BadRequest: Sendable, CustomTestStringConvertible {
        let request: Inference_ModelInferRequest
        let code: WireError.Code
        let reason: String
        var testDescription: String { reason }

        init(_ request: Inference_ModelInferRequest, _ code: WireError.Code, _ reason: String) {
            self.request = request
            self.code = code
            self.reason = reason
        }
    }

    private static func changed(_ change: (inout Request) -> Void) -> Request {
        var request = Request("INT32", [2], raw: [1, 0, 0, 0, 2, 0, 0, 0])
        change(&request)
        return request
    }

    private static let contradictions: [BadRequest] = [
        BadRequest(Inference_ModelInferRequest(), .invalidRequest, "the request has none"),
        BadRequest(changed { $0.inputs[0].name = "" }, .invalidRequest, "Unable to parse 'name'"),
        BadRequest(changed { $0.inputs[0].datatype = "" }, .invalidRequest, "input 'x' has none"),
        BadRequest(changed { $0.inputs[0].datatype = "FP8" }, .invalidTensor, "expected one of BOOL, INT8"),
        BadRequest(changed { $0.inputs[0].datatype = "INT32INT32INT32" }, .invalidTensor, "expected one of BOOL, INT8"),
        BadRequest(changed { $0.inputs[0].shape = [-1] }, .invalidTensor, "whole numbers from 0"),
        BadRequest(changed { $0.inputs[0].shape = [3] }, .invalidTensor, "expected 12 for INT32 of shape [3], got 8"),
        BadRequest(changed { $0.inputs[0].shape = [.max, .max] }, .invalidTensor, "more elements than memory"),
        BadRequest(changed { $0.inputs[0].shape = [1 << 60] }, .invalidTensor, "more elements than memory"),
        BadRequest(
            changed { $0.inputs[0].shape = Array(repeating: 1, count: 65) }, .invalidTensor, "at most 64 dimensions"),
        BadRequest(
            changed { $0.inputs[0].contents.intContents = [1, 2] }, .invalidRequest, "contents field must not be"),
        BadRequest(changed { $0.rawInputContents = [] }, .invalidRequest, "unable to find data for input 'x'"),
        BadRequest(changed { $0.rawInputContents.append(.init()) }, .invalidRequest, "for each of 1 inputs, got 2"),
        BadRequest(changed { $0.inputs.append($0.inputs[0]) }, .invalidRequest, "for each of 2 inputs, got 1"),
        BadRequest(
            changed {
                $0.inputs.append($0.inputs[0])
                $0.rawInputContents.append($0.rawInputContents[0])
            }, .invalidRequest, "input 'x' already exists"
        ),
        BadRequest(changed { $0.modelVersion = "-1" }, .invalidRequest, "'model_version'"),
        BadRequest(changed { $0.modelVersion = "99999999999999999999" }, .invalidRequest, "'model_version'"),
        BadRequest(changed { $0.parameters["timeout"] = .with { $0.int64Param = -1 } }, .invalidRequest, "'timeout'"),
        BadRequest(
            changed { $0.parameters["priority"] = .with { $0.stringParam = "" } }, .invalidRequest, "'priority'"),
        BadRequest(changed { $0.parameters["triton_x"] = .with { $0.boolParam = true } }, .invalidRequest, "reserved"),
        BadRequest(
            changed { $0.inputs[0].parameters["shared_memory_region"] = .with { $0.stringParam = "r" } },
            .unknownRegion, "shared memory region: 'r'"
        ),
        BadRequest(changed { $0.outputs = [.with { $0.name = "" }] }, .invalidRequest, "the output has none"),
        BadRequest(
            changed { $0.outputs = [.with { $0.name = "y" }, .with { $0.name = "y" }] }, .invalidRequest,
            "output 'y' already requested"
        ),
        BadRequest(
            changed {
                $0.outputs = [
                    .with {
                        $0.name = "y"
                        $0.parameters["shared_memory_region"] = .with { $0.stringParam = "r" }
                    }
                ]
            }, .unknownRegion, "shared memory region: 'r'"
        ),
        BadRequest(
            changed { $0.inputs = Array(repeating: $0.inputs[0], count: 5000) }, .invalidRequest,
            "at most 4096 'inputs'"
        ),
        BadRequest(
            changed { $0.rawInputContents = Array(repeating: .init(), count: 5000) }, .invalidRequest,
            "at most 4096 'raw_input_contents'"
        ),
        BadRequest(
            changed { for n in 0..<1100 { $0.parameters["\(n)"] = .with { $0.boolParam = true } } }, .invalidRequest,
            "at most 1024 'parameters'"
        ),
        BadRequest(Request("BOOL", [1], raw: [2]), .invalidTensor, "BOOL are expected to be 0 or 1"),
        BadRequest(Request("BYTES", [2], raw: [1, 0, 0, 0, 65]), .invalidTensor, "BYTES element 1 ends"),
        BadRequest(Request("BYTES", [1], raw: [1, 0, 0, 0, 65, 66]), .invalidTensor, "needs 5 bytes, got 6"),
    ]

    @Test("messages that contradict themselves", arguments: contradictions)
    func contradictory(bad: BadRequest) {
        let error = refusal { _ = try decodeGRPC(bad.request) }
        #expect(error?.code == bad.code)
        #expect(error?.message.contains(bad.reason) == true, "\(String(describing: error))")
    }

    private static let typed: [BadRequest] = [
        BadRequest(Request("INT8", [1]) { $0.intContents = [128] }, .invalidTensor, "out of the range of INT8"),
        BadRequest(Request("INT16", [1]) { $0.intContents = [-32769] }, .invalidTensor, "out of the range of INT16"),
        BadRequest(Request("UINT8", [1]) { $0.uintContents = [256] }, .invalidTensor, "out of the range of UINT8"),
        BadRequest(Request("UINT16", [1]) { $0.uintContents = [65536] }, .invalidTensor, "out of the range of UINT16"),
        BadRequest(
            Request("FP16", [1]) { $0.fp32Contents = [1] }, .invalidTensor, "FP16 data in 'contents' is not supported"),
        BadRequest(
            Request("BF16", [1]) { $0.fp32Contents = [1] }, .invalidTensor, "BF16 data in 'contents' is not supported"),
        BadRequest(
            Request("INT32", [1]) { $0.fp32Contents = [1] }, .invalidTensor,
            "expected in 'int_contents', got 'fp32_contents'"),
        BadRequest(
            Request("BYTES", [1]) { $0.intContents = [1] }, .invalidTensor,
            "expected in 'bytes_contents', got 'int_contents'"),
        BadRequest(Request("INT32", [1]) { $0.bytesContents = [.init()] }, .invalidTensor, "got 'bytes_contents'"),
        BadRequest(
            Request("INT32", [5]) { $0.intContents = [1, 2] }, .invalidTensor, "expected 5 elements, got at most"),
        BadRequest(Request("INT32", [4]) { $0.intContents = [1, 2] }, .invalidTensor, "needs 4 elements, got 2"),
        BadRequest(Request("INT32", [1]) { $0.intContents = [1, 2] }, .invalidTensor, "needs 1 elements, got more"),
        BadRequest(Request("FP32", [1]) { $0.fp32Contents = [1, 2] }, .invalidTensor, "needs 1 elements, got more"),
        BadRequest(
            Request("FP64", [2]) { $0.fp64Contents = [1] }, .invalidTensor, "expected 2 elements, got at most 1"),
        BadRequest(
            Request("BYTES", [1]) { $0.bytesContents = [.init(), .init()] }, .invalidTensor,
            "needs 1 elements, got more"),
        BadRequest(
            Request("BYTES", [2]) { $0.bytesContents = [.init([1, 2, 3])] }, .invalidTensor, "needs 2 elements, got 1"),
        BadRequest(
            Request("INT64", [1 << 40]) { $0.int64Contents = [1] }, .invalidTensor, "expected 1099511627776 elements"),
    ]

    @Test("typed contents that do not fit", arguments: typed)
    func typedContents(bad: BadRequest) {
        contradictory(bad: bad)
    }

    @Test(
        "a packed list that ends inside a number",
        arguments: [[0x32, 6, 0, 0, 0, 0, 0, 0], [0x12, 1, 0x80]] as [[UInt8]])
    func cutLists(contents: [UInt8]) {
        let type = contents[0] == 0x32 ? "FP32" : "INT32"
        let input = field(1, [120]) + field(2, Array(type.utf8)) + field(3, [1]) + field(5, contents)
        #expect(refusal { _ = try decodeGRPC(field(5, input)) }?.code == .malformedProtobuf)
    }

    @Test("contents that come twice are refused")
    func twice() {
        let contents = field(5, [0x12, 1, 1])
        let input = field(1, [120]) + field(2, Array("INT32".utf8)) + field(3, [2]) + contents + contents
        #expect(refusal { _ = try decodeGRPC(field(5, input)) }?.message == "the key 'contents' occurs twice")
    }

    @Test("every message cut short is refused or read, never trapped")
    func cut() throws {
        for seed in try Self.seeds() {
            for count in 0..<seed.count { _ = refusal { _ = try decodeGRPC(Array(seed.prefix(count))) } }
        }
        #expect(try Self.seeds().allSatisfy { seed in refusal { _ = try decodeGRPC(seed) } == nil })
    }

    @Test("damaged messages", arguments: [1, 2, 3] as [UInt64])
    func mutated(seed: UInt64) throws {
        try mutate(seeds: try Self.seeds(), iterations: 20_000, seed: seed) { bytes in
            let request = try decodeGRPC(bytes)
            // What was taken must be sound enough to be written, and read by the generated code.
            let segments = try V2ProtobufEncoder.encodeStreamed(response(request.inference.inputs), as: V2ReplyForm())
            let read = try? Inference_ModelStreamInferResponse(serializedBytes: joined(segments))
            #expect(read?.inferResponse.outputs.map(\.name) == request.inference.inputs.names)
        }
    }

    private static func seeds() throws -> [[UInt8]] {
        var whole = Request("BYTES", [2], raw: [1, 0, 0, 0, 65, 0, 0, 0, 0])
        whole.id = "1"
        whole.modelVersion = "3"
        whole.parameters = ["timeout": .with { $0.int64Param = 5 }, "a": .with { $0.doubleParam = 1.5 }]
        whole.outputs = [
            .with {
                $0.name = "y"
                $0.parameters = ["classification": .with { $0.int64Param = 2 }]
            }
        ]
        return try [
            whole,
            Request("FP32", [1, 2]) { $0.fp32Contents = [1, 2] },
            Request("INT16", [3]) { $0.intContents = [-1, 2, 300] },
            Request("UINT64", [2]) { $0.uint64Contents = [.max, 1] },
            Request("BYTES", [2]) { $0.bytesContents = [.init([65, 66]), .init()] },
            Request("BOOL", [2]) { $0.boolContents = [true, false] },
        ].map { try $0.serializedBytes() }
    }
}
