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
        [
            Route(
                .post, "/predict",
                Route.Documentation(
                    summary: "Rows to the only endpoint there is; the answer is a list.", tag: "Plain",
                    request: .json("PlainRequest"), reply: .json("PlainReply")), answer)
        ]
    }

    @Sendable private func answer(_ call: HTTPCall) async throws -> HTTPReply {
        let endpoint = try onlyEndpoint()
        let loaded = try await service.endpoint(endpoint).readyVersion(
            nil, until: try RequestControls.deadline(call), call.cancellation)
        let body = try await call.body()
        let decoder = PlainDecoder(endpoint: endpoint, signature: loaded.signature)
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

    private func onlyEndpoint() throws -> String {
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
