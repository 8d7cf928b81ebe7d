// SPDX-License-Identifier: Apache-2.0

import NIOCore
import SlipwayCore
import SlipwayServer
import SlipwayWire
import Testing

@Suite("Bodies")
struct BodiesTests {
    @Test("what follows the header is aligned", arguments: [0, 1, 63, 64, 65, 1000])
    func alignment(headerLength: Int) {
        let body = ReceivedBody(capacity: headerLength + 256, aligning: headerLength)
        [UInt8](repeating: 7, count: headerLength + 256).withUnsafeBytes { body.append($0) }
        let address = body.bytes.baseAddress.map { UInt(bitPattern: $0 + headerLength) } ?? 1
        #expect(address % UInt(TensorStorage.alignment) == 0)
        #expect(body.count == headerLength + 256)
    }

    @Test("pieces come together in order, also past the announced length", arguments: [0, 10, 5000])
    func pieces(capacity: Int) {
        let body = ReceivedBody(capacity: capacity, aligning: 5)
        var expected: [UInt8] = []
        for piece in 0..<40 {
            let bytes = (0..<(piece * 7)).map { UInt8(truncatingIfNeeded: $0 + piece) }
            bytes.withUnsafeBytes { body.append($0) }
            expected += bytes
        }
        #expect(body.withUnsafeReadableBytes { Array($0) } == expected)
    }

    @Test("aligned binary tensors are views of the body, others are copies")
    func views() throws {
        let tensors =
            #"{"name":"a","shape":[3],"datatype":"FP32","parameters":{"binary_data_size":12}},"#
            + #"{"name":"b","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}"#
        let json = Array(#"{"inputs":[\#(tensors)]}"#.utf8)
        let values: [Float] = [1, 2, 3, 4, 5]
        let body = ReceivedBody(capacity: json.count + 20, aligning: json.count)
        json.withUnsafeBytes { body.append($0) }
        values.withUnsafeBytes { body.append($0) }
        let inputs = try V2InferDecoder(endpoint: "m")
            .decode(body.bytes, keptBy: body, headerLength: String(json.count)).inference.inputs
        let first = try #require(inputs["a"])
        let second = try #require(inputs["b"])
        #expect(first.values(as: Float.self) == [1, 2, 3])
        #expect(second.values(as: Float.self) == [4, 5])
        let start = try #require(body.bytes.baseAddress)
        #expect(first.storage.bytes.baseAddress == start + json.count)
        #expect(second.storage.bytes.baseAddress != start + json.count + 12)
        #expect(second.storage.bytes.baseAddress.map { UInt(bitPattern: $0) % 64 } == 0)
    }

    @Test("a large segment is cut into pieces that add up", arguments: [1, 0, -1])
    func replyPieces(beyond: Int) {
        let count = 3 * ReplyPieces.byteCount + beyond
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let pieces = Array(ReplyPieces(.bytes(bytes)))
        #expect(pieces.allSatisfy { $0.readableBytes <= ReplyPieces.byteCount })
        #expect(pieces.flatMap { Array($0.readableBytesView) } == bytes)
    }
}
