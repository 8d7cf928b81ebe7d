// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// TorchServe's inference and management calls.
///
/// What TorchServe calls a worker is a lane here, made by the server itself: scaling and registering by file are no
/// things this server does.
struct TorchServeRoutes: Sendable {
    let invocations: Invocations
    let control: EndpointControl
    /// Whether models may be registered and unregistered on the inference port.
    let allowsControl: Bool

    var routes: [Route] { inference + management }

    private static let failure = Route.Content.json("TorchServeError")

    private func documentation(
        _ summary: String, query: [String] = [], request: Route.Content = .none, reply: Route.Content
    ) -> Route.Documentation {
        Route.Documentation(summary: summary, tag: "TorchServe", query: query, request: request, reply: reply)
            .failing(body: Self.failure)
    }

    private func route(
        _ method: HTTPRequest.Method, _ template: String, _ documentation: Route.Documentation,
        _ handler: @escaping Route.Handler
    ) -> Route {
        Route(method, template, on: .torchServe, documentation, handler)
    }

    // MARK: - Inference

    private var inference: [Route] {
        let body = Route.Content.oneOf([
            .json("InvocationRequest"), .media("multipart/form-data", nil), .media("application/x-npy", nil), .bytes,
        ])
        let predict = documentation(
            "Inference; the body is JSON, npy or, for models that take bytes, anything.", request: body,
            reply: Invocations.documentationReply)
        let ping = documentation("Whether the server is healthy.", reply: .json("TorchServeStatus"))
        let asking = ["/predictions/{model}", "/predictions/{model}/{version}"].flatMap { path in
            // curl -T, which the tutorials use, puts.
            [HTTPRequest.Method.post, .put].map { route($0, path, predict, predictions) }
        }
        let explain = documentation("Not supported: answers 501.", request: body, reply: .json(nil))
        return [route(.get, "/ping", ping.failing(500), self.ping)] + asking
            + ["/explanations/{model}", "/explanations/{model}/{version}"].map { path in
                route(.post, path, explain) { call in
                    _ = try control.service.endpoint(call["model"])
                    throw WireError(
                        .unsupported,
                        "explanations are not supported: this server has no explainer for the model yet; use "
                            + "/predictions")
                }
            }
    }

    @Sendable private func ping(_ call: HTTPCall) async throws -> HTTPReply {
        let isReady = control.service.isReady
        return .json(TorchServeReplies.status(isReady ? "Healthy" : "Unhealthy"), status: isReady ? 200 : 500)
    }

    @Sendable private func predictions(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = call["model"]
        let version = try call.version()
        let loaded = try await invocations.loaded(call, endpoint, version)
        let contentType = call.headers[.contentType].flatMap { MediaType($0) }
        let body = try await call.body()
        let request = try body.withUnsafeReadableBytes { bytes in
            let reader = TorchServeReader(
                endpoint: endpoint, version: version, signature: loaded.signature, receivedAt: call.receivedAt)
            return try reader.read(bytes, contentType)
        }
        let wanted = InvocationFormat.reply(accept: call.headers[.accept], to: .json) ?? .json
        return try await invocations.respond(call, request, as: wanted)
    }

    // MARK: - Management

    private var management: [Route] {
        let status = Route.Content.json("TorchServeStatus")
        let page = Route.Documentation(
            summary: "Models that are served.", tag: "TorchServe", query: ["limit", "next_page_token"],
            reply: .json("ModelPage")
        ).failing(body: Self.failure)
        let describe = documentation("A model's versions and lanes.", reply: .json("[TorchServeModel]"))
        let scale = documentation("Not supported: lanes are not scaled by callers.", reply: status).failing(403, 501)
        let remove = documentation("Undeploys an endpoint.", reply: status).failing(403)
        return [
            route(.get, "/models", page, list),
            route(.get, "/models/{model}", describe, self.describe),
            route(.get, "/models/{model}/{version}", describe, self.describe),
            route(
                .post, "/models",
                documentation("Deploys a model of the registry.", query: ["url", "model_name"], reply: status)
                    .failing(403, 499, 501, 503, 504, 507), register),
            route(.put, "/models/{model}", scale, self.scale),
            route(.put, "/models/{model}/{version}", scale, self.scale),
            route(
                .put, "/models/{model}/{version}/set-default",
                documentation("Deploys a version as the one that answers.", reply: status).failing(403),
                setDefault),
            route(.delete, "/models/{model}", remove, unregister),
        ]
    }

    @Sendable private func list(_ call: HTTPCall) async throws -> HTTPReply {
        let entries = control.service.statuses().compactMap { status in
            (status.serving ?? status.wanted).map { ModelPage.Entry(name: status.endpoint, url: $0.description) }
        }
        let page = try ModelPage(
            of: entries, limit: try call.integerQuery("limit"), token: call.query("next_page_token"))
        return .json(page.encode())
    }

    @Sendable private func describe(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = try control.service.endpoint(call["model"])
        let status = endpoint.status()
        let isAll = call["version"] == "all"
        let number = try isAll ? nil : call.version()
        let chosen = status.versions.filter { version in
            number.map { version.version.number == $0 } ?? (isAll || version.version == status.serving)
        }
        if let number, chosen.isEmpty {
            throw ServerError(.notFound, "endpoint '\(call["model"])' has no version \(number) loaded")
        }
        return .json(TorchServeModel.encode(chosen.map { TorchServeModel(status.endpoint, $0) }))
    }

    @Sendable private func register(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed("register a model")
        guard let reference = call.query("url") ?? call.query("model_name") else {
            throw ServerError(.badParameter, "expected 'url' with a reference to a model of the registry: fraud:3")
        }
        let parsed = try ModelReference(parsing: reference)
        let name = call.query("model_name") ?? parsed.name
        try ModelReference.checkName(name)
        try await control.deploy(reference, to: name, call.cancellation)
        return .json(TorchServeReplies.status("Model \"\(name)\" registered"))
    }

    @Sendable private func setDefault(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed("set a default version")
        let name = call["model"]
        guard let number = try call.version(), let model = control.status(name).flatMap({ $0.wanted ?? $0.serving })
        else { throw ServerError(.notFound, "unknown model: no endpoint '\(name)' is deployed here") }
        try await control.deploy("\(model.model):\(number)", to: name, call.cancellation)
        return .json(TorchServeReplies.status("Default version of \"\(name)\" is \(number)"))
    }

    @Sendable private func unregister(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed("unregister a model")
        let name = call["model"]
        _ = try control.service.endpoint(name)
        try await control.undeploy(name)
        return .json(TorchServeReplies.status("Model \"\(name)\" unregistered"))
    }

    @Sendable private func scale(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed("scale a model")
        _ = try control.service.endpoint(call["model"])
        throw WireError(
            .unsupported,
            "workers are not scaled here: lanes follow the core budget, or 'instances' of the endpoint, set with "
                + "slipway deploy --instances or PUT /api/v1/endpoints/NAME on the admin port")
    }

    private func checkAllowed(_ what: String) throws(ServerError) {
        guard allowsControl else {
            throw ServerError(
                .forbidden,
                "to \(what) on the inference port is off: use the admin API (PUT /api/v1/endpoints/NAME on the admin "
                    + "port), or start the server with --repository-control")
        }
    }
}

extension TorchServeModel {
    fileprivate init(_ endpoint: String, _ status: VersionStatus) {
        self.init(
            name: endpoint, version: status.version.number, url: status.version.description, lanes: status.lanes,
            residentBytes: status.residentBytes, isReady: status.state == "ready", waiting: status.waiting)
    }
}
