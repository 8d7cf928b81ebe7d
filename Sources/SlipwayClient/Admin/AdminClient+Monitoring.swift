// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import SlipwayCore
package import SlipwayWire

extension AdminClient {
    package func feedback(_ request: FeedbackRequest, to endpoint: String) async throws -> FeedbackReplyDTO {
        try await call(AdminRoutes.feedback, ["endpoint": endpoint], body: request)
    }

    package func monitors(of endpoint: String) async throws -> MonitorsDTO {
        try await call(AdminRoutes.monitors, ["endpoint": endpoint])
    }

    package func alerts(_ filter: AlertFilter) async throws -> [AlertDTO] {
        try await call(
            AdminRoutes.alerts,
            query: Self.query([
                ("endpoint", filter.endpoint), ("state", filter.state), ("limit", filter.limit.map(String.init)),
            ]))
    }

    package func decisions(of endpoint: String?, limit: Int?) async throws -> [GuardDecisionDTO] {
        try await call(
            AdminRoutes.decisions, query: Self.query([("endpoint", endpoint), ("limit", limit.map(String.init))]))
    }

    package func silences() async throws -> [SilenceDTO] { try await call(AdminRoutes.silences) }

    package func addSilence(_ request: SilenceRequest) async throws -> SilenceDTO {
        try await call(AdminRoutes.addSilence, body: request)
    }

    package func removeSilence(_ id: String) async throws {
        let route = AdminRoutes.removeSilence
        _ = try await caller.call(HTTPMethod(rawValue: route.method.rawValue), route.path(["id": id]))
    }

    package func profile(of reference: ModelReference) async throws -> ProfileDTO {
        try await call(AdminRoutes.profile, ["reference": "\(reference)"])
    }

    /// Sends the file in chunks; the server then asks its model for every row before it answers.
    package func makeProfile(
        _ request: ProfileRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ProfileDTO {
        let upload = try await FileUpload(path: request.path) { progress($0 / 2) }
        let name = request.sourceName ?? request.path.split(separator: "/").last.map(String.init) ?? request.path
        let route = AdminRoutes.makeProfile
        let path = route.path(
            ["reference": "\(request.reference)"], query: Self.query([("filename", name), ("labels", request.labels)]))
        let reply = try await caller.call(
            HTTPMethod(rawValue: route.method.rawValue), path, headers: ["content-type": "application/octet-stream"],
            body: .stream(upload, length: .known(Int64(upload.byteCount))), timeout: .hours(24))
        progress(1)
        return try ServerCaller.decode(ProfileDTO.self, from: reply.body, location: "\(route.method.rawValue) \(path)")
    }

    package func capture(of endpoint: String) async throws -> CaptureDTO {
        try await call(AdminRoutes.capture, ["endpoint": endpoint])
    }

    package func readCapture(
        _ segment: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let route = AdminRoutes.captureSegment
        try await caller.stream(
            HTTPMethod(rawValue: route.method.rawValue), route.path(["endpoint": endpoint, "segment": segment]),
            timeout: .hours(1)
        ) { try await body(Array($0.readableBytesView)) }
    }

    package func exportCapture(
        _ request: ExportRequest, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let route = AdminRoutes.exportCapture
        let query = Self.query([
            ("from", request.from.map { "\($0)" }), ("until", request.until.map { "\($0)" }),
            ("version", request.version.map { "\($0)" }), ("labelled", request.onlyLabelled ? "true" : nil),
        ])
        try await caller.stream(
            HTTPMethod(rawValue: route.method.rawValue), route.path(["endpoint": endpoint], query: query),
            timeout: .hours(1)
        ) { try await body(Array($0.readableBytesView)) }
    }

    package func eraseCapture(_ request: EraseRequest, of endpoint: String) async throws -> EraseDTO {
        try await call(AdminRoutes.eraseCapture, ["endpoint": endpoint], body: request)
    }

    /// The items that have a value.
    private static func query(_ items: [(name: String, value: String?)]) -> [(name: String, value: String)] {
        items.compactMap { name, value in value.map { (name, $0) } }
    }
}
