// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("TorchServe's bodies")
struct TorchServeTests {
    private static let rows = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic, .fixed(2)])], outputs: [])
    private static let bytes = ModelSignature(
        inputs: [TensorSpec(name: "image", elementType: .bytes, shape: [.dynamic, .fixed(1)])], outputs: [])

    private func input(
        _ content: [UInt8], _ type: String?, _ signature: ModelSignature
    ) throws -> TorchServeInput {
        try content.withUnsafeBytes {
            try TorchServeInput(contentType: type.flatMap { MediaType($0) }, content: $0, signature: signature)
        }
    }

    @Test(
        "are told from their type, else from their bytes",
        arguments: [
            ("[[1]]", nil, .format(.json)), (" {\"data\":1}", "application/octet-stream", .format(.json)),
            ("1,2", "text/csv", .format(.csv)), ("[1]", "application/x-www-form-urlencoded", .format(.json)),
        ] as [(String, String?, TorchServeInput)])
    func told(content: String, type: String?, expected: TorchServeInput) throws {
        #expect(try input(Array(content.utf8), type, Self.rows) == expected)
    }

    @Test("are arrays of numpy whatever their type says")
    func numpy() throws {
        let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
        #expect(try input(magic, "image/png", Self.bytes) == .format(.npy))
    }

    @Test("are values of a model that takes bytes", arguments: [nil, "image/jpeg", "text/plain"] as [String?])
    func values(type: String?) throws {
        #expect(try input([0xFF, 0xD8], type, Self.bytes) == .value)
        #expect(throws: WireError.self) { try input([0xFF, 0xD8], type, Self.rows) }
    }

    @Test("several values are rows")
    func request() throws {
        let request = try TorchServeInput.request(
            values: [[1], [], [2, 3]], endpoint: "m", version: nil, signature: Self.bytes, receivedAt: .now)
        #expect(request.inference.inputs["image"]?.shape == [3, 1])
        #expect(throws: WireError.self) {
            try TorchServeInput.request(
                values: [[1]], endpoint: "m", version: nil, signature: Self.rows, receivedAt: .now)
        }
    }

    @Test("errors tell code, type and message")
    func errors() {
        struct Foreign: Error {}
        let reply = ErrorTable.reply(to: WireError(.invalidRequest, "no"), on: .torchServe)
        #expect(reply.status == 400)
        #expect(text(reply.body) == #"{"code":400,"type":"BadRequestException","message":"no"}"#)
        let foreign = ErrorTable.reply(to: Foreign(), on: .torchServe)
        #expect(foreign.status == 500)
        #expect(text(foreign.body).contains(#""type":"InternalServerException""#))
    }
}
