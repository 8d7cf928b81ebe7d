// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayControl
import SlipwayCore
import SlipwayWire

extension AdminHandlers {
    /// Feedback, monitors, alerts, silences, profiles, captured requests and events.
    var monitoring: [Route] {
        [
            mount(AdminRoutes.feedback) { call in
                try .dto(await admin.feedback(try await call.dto(FeedbackRequest.self), to: call["endpoint"]))
            },
            mount(AdminRoutes.monitors) { try .dto(await admin.monitors(of: $0["endpoint"])) },
            mount(AdminRoutes.alerts) { call in
                let filter = AlertFilter(
                    endpoint: call.query("endpoint"), state: call.query("state"),
                    limit: try call.integerQuery("limit"))
                return try .dto(await admin.alerts(filter))
            },
            mount(AdminRoutes.decisions) { call in
                let limit = try call.integerQuery("limit")
                return try .dto(await admin.decisions(of: call.query("endpoint"), limit: limit))
            },
            mount(AdminRoutes.events, events),
            mount(AdminRoutes.silences) { _ in try .dto(await admin.silences()) },
            mount(AdminRoutes.addSilence) { call in
                try .dto(await admin.addSilence(try await call.dto(SilenceRequest.self)))
            },
            mount(AdminRoutes.removeSilence) { call in
                try await admin.removeSilence(call["id"])
                return .empty
            },
        ] + profiles + captures
    }

    // MARK: - Profiles

    private var profiles: [Route] {
        [
            mount(AdminRoutes.profile) {
                try .dto(await admin.profile(of: try ModelReference(parsing: $0["reference"])))
            },
            mount(AdminRoutes.makeProfile) { call in
                let reference = try ModelReference(parsing: call["reference"])
                let name = call.query("filename")?.split(separator: "/").last.map(String.init) ?? "rows.csv"
                let file = try await UploadedFile.receive(call.bodyStream, in: uploads)
                defer { file.remove() }
                let request = ProfileRequest(
                    reference: reference, path: file.path, sourceName: name, labels: call.query("labels"))
                return try .dto(await admin.makeProfile(request) { _ in })
            },
        ]
    }

    // MARK: - Captured requests

    private var captures: [Route] {
        [
            mount(AdminRoutes.capture) { try .dto(await admin.capture(of: $0["endpoint"])) },
            mount(AdminRoutes.captureSegment) { call in
                let (endpoint, name) = (call["endpoint"], call["segment"])
                // Before the head leaves: what is not there must be a 404.
                guard try await admin.capture(of: endpoint).segments.contains(where: { $0.name == name }) else {
                    throw ControlError(.notFound, "there is no such segment: 'slipway capture list' tells their names")
                }
                return .stream(contentType: "application/octet-stream") { send in
                    try await admin.readCapture(name, of: endpoint) { try await send($0) }
                }
            },
            mount(AdminRoutes.exportCapture) { call in
                let endpoint = call["endpoint"]
                var request = ExportRequest()
                if let text = call.query("version") {
                    let reference = try ModelReference(parsing: text)
                    guard case .version(let number) = reference.selector else {
                        throw ServerError(.badParameter, "'version' is not one version: write fraud:3")
                    }
                    request.version = VersionID(model: reference.name, number: number)
                }
                request.from = try call.instantQuery("from")
                request.until = try call.instantQuery("until")
                request.onlyLabelled = try call.flagQuery("labelled")
                let wanted = request
                _ = try await admin.capture(of: endpoint)
                // The file is whole before its first piece.
                return try await PieceFlow { put in
                    try await admin.exportCapture(wanted, of: endpoint) { try await put($0) }
                }.reply()
            },
            mount(AdminRoutes.eraseCapture) { call in
                try .dto(await admin.eraseCapture(try await call.dto(EraseRequest.self), of: call["endpoint"]))
            },
        ]
    }

    // MARK: - Events

    @Sendable private func events(_ call: HTTPCall) async throws -> HTTPReply {
        guard let ring = live?.events else {
            throw ControlError(.notFound, "there are no events here: only a server that serves has them")
        }
        guard ring.hasRoom else {
            throw ControlError(.busy, "\(EventRing.maximumReaders) readers follow events already: close one")
        }
        let last = try EventText.lastID(call)
        let endpoint = call.query("endpoint")
        return .stream(contentType: "text/event-stream", keepAlive: EventText.comment) { send in
            let reader = try ring.read(after: last)
            let registration = call.cancellation.add { reader.stop() }
            defer {
                if let registration { call.cancellation.remove(registration) }
                reader.stop()
            }
            // The head leaves with the first bytes: the reader knows at once that it is connected.
            try await send(EventText.comment)
            try await reader.forEach { event in
                guard endpoint == nil || event.endpoint == nil || event.endpoint == endpoint else { return }
                try await send(try EventText.encode(event))
            }
        }
    }
}

/// Server-sent events of monitoring.
enum EventText {
    /// What readers pass over.
    static let comment = Array(":\n\n".utf8)

    static func encode(_ event: MonitorEventDTO) throws -> [UInt8] {
        // JSON of one line: a line end within it would end the data.
        Array("id: \(event.id)\nevent: \(event.kind.rawValue)\ndata: ".utf8) + (try AdminJSON.encode(event))
            + Array("\n\n".utf8)
    }

    /// The id of the last event that the caller has; `nil` where it has none.
    static func lastID(_ call: HTTPCall) throws(ServerError) -> Int? {
        guard let name = HTTPField.Name("Last-Event-ID"), let text = call.headers[name], !text.isEmpty else {
            return nil
        }
        guard let id = Int(text) else {
            throw ServerError(.badParameter, "Last-Event-ID is not the id of an event: send the one received last")
        }
        return id
    }
}
