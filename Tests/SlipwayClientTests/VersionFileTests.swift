// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayClient
import SlipwayCore
import SlipwayWire
import Synchronization
import Testing

@Suite("Files and verification of a server's versions")
struct VersionFileTests {
    private let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    private static let fraud3 = ModelReference(name: "fraud", selector: .version(3))

    /// Answers with what follows the offset that is asked for; a loss is an answer that breaks off after so many bytes.
    private func answer(_ request: StubRequest, _ received: Received) -> StubReply {
        let offset = request.uri.split(separator: "=").dropFirst().last.flatMap { Int($0) } ?? 0
        var reply = StubReply(body: Array(bytes[offset...]))
        let loss = received.losses.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let loss { reply.manner = .cutOff(loss) }
        return reply
    }

    private final class Received: Sendable {
        let losses: Mutex<[Int]>
        let bytes = Mutex<[UInt8]>([])
        init(_ losses: [Int]) { self.losses = Mutex(losses) }
    }

    @Test("a file arrives whole, whatever befalls the connection", arguments: [[], [0], [1, 99_999], [300_000]])
    func whole(losses: [Int]) async throws {
        let received = Received(losses)
        try await StubServer.run(keeping: true, { answer($0, received) }) { server in
            try await AdminClient(server: server.address).readFile(
                AdminFixtures.digest, of: Self.fraud3, from: 0
            ) { piece in received.bytes.withLock { $0 += piece } }
            #expect(received.bytes.withLock { $0 } == bytes)
            let first = server.received.first?.uri
            #expect(first == "/api/v1/versions/fraud%3A3/files/sha256%3A\(AdminFixtures.digest.hex)")
        }
    }

    @Test("what the taker throws ends it, and a refusal is not asked again")
    func ended() async throws {
        struct Full: Error {}
        let received = Received([])
        try await StubServer.run(keeping: true, { answer($0, received) }) { server in
            let client = AdminClient(server: server.address)
            await #expect(throws: Full.self) {
                try await client.readFile(AdminFixtures.digest, of: Self.fraud3, from: 0) { _ in throw Full() }
            }
            #expect(server.requestCount == 1)
        }
        let body = #"{"error":"no such file","code":"notFound","category":"notFound"}"#
        try await StubServer.run({ _ in .json(body, status: 404) }) { server in
            let error = await #expect(throws: ClientError.self) {
                try await AdminClient(server: server.address).readFile(
                    AdminFixtures.digest, of: Self.fraud3, from: 0
                ) { _ in }
            }
            #expect(error?.category == .notFound && server.requestCount == 1)
        }
    }

    @Test("a verification without samples is one call")
    func verify() async throws {
        let answer = VerificationDTO(
            version: AdminFixtures.version, problems: ["p"], report: ImportReportDTO(format: "onnx"), origin: .generated
        )
        try await StubServer.run(keeping: true, { _ in .json(AdminFixtures.json(answer)) }) { server in
            let request = VerificationRequest(Self.fraud3, options: VerificationOptions(engine: "auto"))
            let verification = try await AdminClient(server: server.address).verify(request) { _ in }
            #expect(verification == answer && !verification.isSound)
            let call = server.received.first
            #expect(call?.method == "POST" && call?.uri == "/api/v1/versions/fraud%3A3/verify")
            let body = try JSONDecoder().decode(UploadedVerificationRequest.self, from: Data(call?.body ?? []))
            #expect(body == UploadedVerificationRequest(options: VerificationOptions(engine: "auto")))
        }
    }
}
