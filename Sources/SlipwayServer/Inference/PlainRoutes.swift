// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// The plainest contract: rows in, a list out.
struct PlainRoutes: Sendable {
    let service: InferenceService

    var routes: [Route] {
        let predict = { (template: String, summary: String) in
            Route(
                .post, template,
                Route.Documentation(summary: summary, tag: "Plain", request: .json("PlainRequest"))
            ) { call in try await answer(call) }
        }
        return [
            predict("/predict", "Rows to the only endpoint there is; the answer is a list."),
            predict("/v1/models/{model}:predict", "Rows to an endpoint; the answer is a list."),
            predict("/v1/models/{model}/versions/{version}:predict", "Rows to one version of an endpoint."),
        ]
    }

    private func answer(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = try endpointName(call)
        let loaded = try await service.endpoint(endpoint).readyVersion(
            try call.version(), until: try RequestControls.deadline(call), call.cancellation)
        let body = try await call.body()
        let decoder = PlainDecoder(
            endpoint: endpoint, version: try call.version(), signature: loaded.signature)
        let decoded = try body.withUnsafeReadableBytes { try decoder.decode($0, receivedAt: call.receivedAt) }
        var request = decoded.inference
        try RequestControls.apply(call, to: &request)
        let (response, encoded) = try await service.infer(request) { response, _ in
            try PlainEncoder.encode(response, style: decoded.style)
        }
        var reply = HTTPReply.json(encoded)
        reply.timings = response.timings
        return reply
    }

    /// The endpoint in the path, or the only one there is.
    private func endpointName(_ call: HTTPCall) throws -> String {
        guard call["model"].isEmpty else { return call["model"] }
        let names = service.statuses().map(\.endpoint)
        guard names.count == 1, let only = names.first else {
            throw ServerError(
                .badParameter,
                "/predict needs exactly one endpoint, there are [\(names.joined(separator: ", "))]: "
                    + "use /v1/models/NAME:predict")
        }
        return only
    }
}
