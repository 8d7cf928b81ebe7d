// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayServing
import SlipwayWire

/// Vertex AI's contract: a health route and a predict route, both named by the platform.
struct VertexRoutes: Sendable {
    let contract: CloudContracts.VertexAI
    let invocations: Invocations
    /// What calls may be redirected to.
    let table: RouteTable

    private static let redirect = HTTPField.Name.known("x-vertex-ai-triton-redirect")

    var routes: [Route] {
        let health = Route(
            .get, contract.healthRoute,
            Route.Documentation(
                summary: "200 when requests are answered, else 503.", tag: "Vertex AI", reply: .json("Ready")
            ).failing(503)
        ) { _ in
            let isReady = invocations.service.isReady
            return .json(V2Health.ready(isReady), status: isReady ? 200 : 503)
        }
        let predict = Route(
            .post, contract.predictRoute,
            Route.Documentation(
                summary: "Inference by the default endpoint, or by a route of V2 that a header names.",
                tag: "Vertex AI", request: Invocations.documentationBody, reply: Invocations.documentationReply
            ).failing(406, 415), predict)
        return [health, predict]
    }

    @Sendable private func predict(_ call: HTTPCall) async throws -> HTTPReply {
        if let target = call.headers[Self.redirect] { return try await redirected(call, to: target) }
        return try await invocations.answer(call, endpoint: try invocations.endpointName())
    }

    /// Answers as the V2 route named in the header does, of those that infer or only tell something.
    private func redirected(_ call: HTTPCall, to target: String) async throws -> HTTPReply {
        let path = "/" + target.drop { $0 == "/" }
        guard let (route, parameters) = find(path) else {
            throw ServerError(
                .badParameter,
                "X-Vertex-Ai-Triton-Redirect leads to no V2 route that infers or tells something: write "
                    + "v2/models/NAME/infer")
        }
        return try await route.handler(call.redirected(to: path, parameters: parameters))
    }

    private func find(_ path: String) -> (Route, [(name: String, value: String)])? {
        guard path == "/v2" || path.hasPrefix("/v2/"), !path.contains("?") else { return nil }
        let method: HTTPRequest.Method = path.hasSuffix("/infer") ? .post : .get
        guard case .found(let route, let encoded) = table.match(method, path[...]) else { return nil }
        var parameters: [(name: String, value: String)] = []
        for (name, value) in encoded {
            guard let decoded = percentDecoded(value) else { return nil }
            parameters.append((name, decoded))
        }
        return (route, parameters)
    }
}

extension HTTPCall {
    /// The same call to another path; the length of its JSON told as V2 tells it.
    fileprivate func redirected(to path: String, parameters: [(name: String, value: String)]) -> HTTPCall {
        var head = head
        head.path = path
        if case .binary(_, let length)? = InvocationFormat(contentType: headers[.contentType]) {
            head.headerFields[.known("inference-header-content-length")] = length
        }
        return HTTPCall(
            head: head, parameters: parameters, queryText: "", requestID: requestID, receivedAt: receivedAt,
            cancellation: cancellation, caller: caller, trace: trace, bodyStream: bodyStream, bodyLimit: bodyLimit)
    }
}
