// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayClient
import SlipwayCore
import SlipwayWire
import Synchronization
import Testing

extension AdminClientTests {
    private static let instant = AdminFixtures.instant
    private static let fraud3 = VersionID(model: "fraud", number: 3)
    private static let reading = ReadingDTO(
        version: fraud3, signal: "psi", subject: "age", value: 0.5, samples: 900, method: "10 groups, floor 1e-4")
    private static let alert = AlertDTO(
        fingerprint: "0123456789abcdef", endpoint: "fraud", rule: "drift", severity: .critical, state: "firing",
        startedAt: instant, reading: reading, summary: "age: median 34 -> 51")
    private static let decision = GuardDecisionDTO(
        endpoint: "fraud", guardName: "undo", action: .rollBack, at: instant, version: fraud3, outcome: "acted",
        text: "revision 3", evidence: [alert], replica: "r1")
    private static let silence = SilenceDTO(
        id: "k1", endpoint: nil, rule: "drift", subject: nil, until: instant, reason: "")
    static let profile = ProfileDTO(
        version: fraud3, createdAt: instant, rows: 10, task: .classification, features: [], outputs: [])
    private static let capture = CaptureDTO(
        endpoint: "fraud",
        segments: [CaptureSegmentDTO(name: "s1.arrow", startedAt: instant, endedAt: nil, rows: 1, byteCount: 2)])
    private static let monitors = MonitorsDTO(
        endpoint: "fraud", at: instant, isLive: true,
        versions: [MonitoredVersionDTO(version: fraud3, route: "primary", profileRows: nil, profiledAt: nil)],
        readings: [reading], alerts: [alert], labels: ["waiting": 3])

    static let monitoringCalls: [Call] = [
        Call(
            "POST /api/v1/endpoints/fraud/feedback", body: #"{"items":[{"label":"yes","requestID":"r1"}]}"#,
            FeedbackReplyDTO(results: [FeedbackResultDTO(requestID: "r1", outcome: .joined)])
        ) {
            let item = FeedbackItemDTO(requestID: "r1", label: .text("yes"))
            return try await $0.feedback(FeedbackRequest(items: [item]), to: "fraud")
        },
        Call("GET /api/v1/endpoints/fraud/monitors", monitors) { try await $0.monitors(of: "fraud") },
        Call("GET /api/v1/alerts", [alert]) { try await $0.alerts(AlertFilter()) },
        Call("GET /api/v1/alerts?endpoint=fraud&state=firing&limit=3", [alert]) {
            try await $0.alerts(AlertFilter(endpoint: "fraud", state: "firing", limit: 3))
        },
        Call("GET /api/v1/decisions?limit=3", [decision]) { try await $0.decisions(of: nil, limit: 3) },
        Call("GET /api/v1/silences", [silence]) { try await $0.silences() },
        Call("POST /api/v1/silences", body: #"{"rule":"drift","seconds":60}"#, silence) {
            try await $0.addSilence(SilenceRequest(rule: "drift", seconds: 60))
        },
        Call("DELETE /api/v1/silences/k1", true) {
            try await $0.removeSilence("k1")
            return true
        },
        Call("GET /api/v1/versions/fraud%3A3/profile", profile) {
            try await $0.profile(of: ModelReference(name: "fraud", selector: .version(3)))
        },
        Call("GET /api/v1/endpoints/fraud/capture", capture) { try await $0.capture(of: "fraud") },
        Call("GET /api/v1/endpoints/fraud/capture/s1.arrow", "pieces") {
            let bytes = Mutex<[UInt8]>([])
            try await $0.readCapture("s1.arrow", of: "fraud") { piece in bytes.withLock { $0 += piece } }
            return try JSONDecoder().decode(String.self, from: Data(bytes.withLock { $0 }))
        },
        Call(
            "GET /api/v1/endpoints/fraud/export?from=1970-01-01T00%3A00%3A01.000Z&version=fraud%3A3&labelled=true",
            "pieces"
        ) {
            let bytes = Mutex<[UInt8]>([])
            let request = ExportRequest(from: Timestamp(milliseconds: 1000), version: fraud3, onlyLabelled: true)
            try await $0.exportCapture(request, of: "fraud") { piece in bytes.withLock { $0 += piece } }
            return try JSONDecoder().decode(String.self, from: Data(bytes.withLock { $0 }))
        },
        Call(
            "POST /api/v1/endpoints/fraud/capture/erase", body: #"{"requestIDs":["r1"]}"#,
            EraseDTO(rows: 1, segments: 1)
        ) { try await $0.eraseCapture(EraseRequest(requestIDs: ["r1"]), of: "fraud") },
    ]

    @Test("rows for a profile are sent as they are, with the file's name and the column of labels")
    func profileUpload() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/profile-\(UInt64.random(in: .min ... .max)).csv"
        try Data("age,label\n1,a\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await StubServer.run(keeping: true, { _ in .json(AdminFixtures.json(Self.profile)) }) { server in
            let request = ProfileRequest(
                reference: ModelReference(name: "fraud", selector: .version(3)), path: path, sourceName: "rows.csv",
                labels: "label")
            let profile = try await AdminClient(server: server.address).makeProfile(request) { _ in }
            #expect(profile == Self.profile)
            let received = try #require(server.received.first)
            #expect(
                "\(received.method) \(received.uri)"
                    == "PUT /api/v1/versions/fraud%3A3/profile?filename=rows.csv&labels=label")
            #expect(received.text == "age,label\n1,a\n")
        }
    }
}
