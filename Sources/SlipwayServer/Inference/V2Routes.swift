// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// The Open Inference Protocol V2 over REST: health, metadata and inference.
struct V2Routes: Sendable {
    let service: InferenceService
    let version: String
    let facts: ModelFacts
    let trace: TraceSettings

    var routes: [Route] {
        [server, live, ready] + modelRoutes("/v2/models/{model}") + modelRoutes("/v2/models/{model}/versions/{version}")
    }

    private func documentation(
        _ summary: String, request: Route.Content = .none, reply: String
    ) -> Route.Documentation {
        Route.Documentation(
            summary: summary, tag: "Open Inference Protocol V2", request: request, reply: .json(reply))
    }

    private var server: Route {
        Route(.get, "/v2", documentation("Name, version and extensions of the server.", reply: "ServerMetadata")) { _ in
            .json(V2ServerMetadata(version: version).encode())
        }
    }

    private var live: Route {
        Route(.get, "/v2/health/live", documentation("Whether the process runs.", reply: "Live")) { _ in
            .json(V2Health.live(true))
        }
    }

    private var ready: Route {
        let documentation = documentation("Whether requests are accepted.", reply: "Ready")
        return Route(.get, "/v2/health/ready", documentation.failing(400, body: .json("Ready"))) { _ in
            let isReady = service.isReady
            return .json(V2Health.ready(isReady), status: isReady ? 200 : 400)
        }
    }

    private func modelRoutes(_ path: String) -> [Route] {
        let inference = Route.Documentation(
            summary: "Inference.", tag: "Open Inference Protocol V2",
            request: .oneOf([.json("InferenceRequest"), .bytes]), reply: .oneOf([.json("InferenceResponse"), .bytes]))
        return [
            Route(.get, path, documentation("Inputs and outputs of a model.", reply: "ModelMetadata"), metadata),
            Route(.get, path + "/ready", documentation("Whether a model answers.", reply: "ModelReady"), modelReady),
            Route(
                .get, path + "/config",
                documentation("A model's configuration as Triton shows it.", reply: "ModelConfiguration"),
                configuration),
            Route(.post, path + "/infer", inference, infer),
        ]
    }

    // MARK: - Inference

    @Sendable private func infer(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = call["model"]
        let number = try call.version()
        // Before the body is read: an unknown model is told at once, and never as a fault of the body.
        let served = try service.endpoint(endpoint)
        let headerLength = call.headers[Self.headerLength]
        let deadline = try RequestControls.deadline(call)
        let signature =
            headerLength == "0"
            ? try await served.readyVersion(number, until: deadline, call.cancellation).signature : nil
        let body = try await call.body(aligning: headerLength.flatMap { Int($0) }.map { max(0, $0) } ?? 0)
        let decoder = V2InferDecoder(endpoint: endpoint, version: number, signature: signature)
        let decoded = try body.withUnsafeReadableBytes {
            try decoder.decode($0, keptBy: body, headerLength: headerLength, receivedAt: call.receivedAt)
        }
        var request = decoded.inference
        try RequestControls.apply(call, to: &request)
        let (response, encoded) = try await service.infer(request) { response, version in
            let labels = decoded.replyForm.wantsClasses ? version.resolved.labels : [:]
            return try V2InferEncoder.encode(response, as: decoded.replyForm, labels: labels)
        }
        var reply = HTTPReply(contentType: encoded.contentType, body: encoded.segments)
        if let length = encoded.headerLength { reply.headers[Self.headerLength] = String(length) }
        reply.timings = response.timings
        trace.record(call.requestID, receivedAt: call.receivedAt, response)
        return reply
    }

    private static let headerLength = HTTPField.Name.known("inference-header-content-length")

    // MARK: - Facts

    @Sendable private func metadata(_ call: HTTPCall) async throws -> HTTPReply {
        .json(try await facts.metadata(call["model"], version: try call.version(), try call.patience()).encode())
    }

    @Sendable private func configuration(_ call: HTTPCall) async throws -> HTTPReply {
        .json(try await facts.configuration(call["model"], version: try call.version(), try call.patience()).encode())
    }

    /// Triton answers 400 for a model that is known and not ready, 404 for one that is not known.
    @Sendable private func modelReady(_ call: HTTPCall) async throws -> HTTPReply {
        do {
            try facts.checkReady(call["model"], version: try call.version())
            return .json(V2Health.modelReady(name: call["model"], true))
        } catch let error as ServingError where error.code == .notReady {
            return .json(ErrorTable.body(message: error.message), status: 400)
        }
    }
}

extension HTTPCall {
    fileprivate func patience() throws(ServerError) -> ModelFacts.Patience {
        ModelFacts.Patience(deadline: try RequestControls.deadline(self), cancellation: cancellation)
    }
}

extension V2ReplyForm {
    var wantsClasses: Bool { outputs?.contains { $0.classification != nil } ?? false }
}
