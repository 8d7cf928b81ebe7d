// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// TensorFlow Serving over REST: predict, classify, regress, the state of versions, and metadata.
///
/// KServe V1 and Vertex AI call the same predict. What `GET /v1/models/M` answers is in ``KServeRoutes``, because
/// three protocols share it.
struct TensorFlowRoutes: Sendable {
    let calls: TensorFlowCalls

    var routes: [Route] {
        ["/v1/models/{model}", "/v1/models/{model}/versions/{version}", "/v1/models/{model}/labels/{label}"]
            .flatMap(modelRoutes)
            + ["/v1/models/{model}/versions/{version}", "/v1/models/{model}/labels/{label}"].map(statusRoute)
    }

    private func modelRoutes(_ path: String) -> [Route] {
        [
            post(
                path + ":predict",
                documentation(
                    "Rows or whole inputs in, predictions out.", request: "TensorFlowPredict", reply: "PlainReply"),
                predict),
            post(
                path + ":classify",
                documentation(
                    "Examples in, labels with scores out.", request: "TensorFlowExamples", reply: "TensorFlowResults"),
                classify),
            post(
                path + ":regress",
                documentation(
                    "Examples in, one value for each out.", request: "TensorFlowExamples", reply: "TensorFlowResults"),
                regress),
            Route(
                .get, path + "/metadata", on: .tensorFlowServing,
                documentation("Inputs and outputs of a model as a signature definition.", reply: "TensorFlowMetadata"),
                metadata),
        ]
    }

    private func statusRoute(_ path: String) -> Route {
        Route(
            .get, path, on: .tensorFlowServing,
            documentation("The state of one version of a model.", reply: "TensorFlowStatus"), status)
    }

    private func post(
        _ template: String, _ documentation: Route.Documentation, _ handler: @escaping Route.Handler
    ) -> Route {
        Route(.post, template, on: .tensorFlowServing, documentation, handler)
    }

    private func documentation(_ summary: String, request: String? = nil, reply: String) -> Route.Documentation {
        Route.Documentation(
            summary: summary, tag: "TensorFlow Serving", request: request.map { .json($0) } ?? .none,
            reply: .json(reply))
    }

    // MARK: - Inference

    @Sendable private func predict(_ call: HTTPCall) async throws -> HTTPReply {
        // Before the body is read: an unknown model is told at once, and never as a fault of the body.
        let (begun, version) = try await calls.begin(try target(call), receivedAt: call.receivedAt) {
            try RequestControls.apply(call, to: &$0)
        }
        let body = try await call.body()
        let decoder = TensorFlowPredictDecoder(endpoint: begun.endpoint, signature: version.signature)
        let decoded = try body.withUnsafeReadableBytes { try decoder.decode($0) }
        var request = begun
        request.inputs = decoded.inputs
        let (response, encoded) = try await calls.service.infer(request) { response, _ in
            try TensorFlowPredictEncoder.encode(response, style: decoded.style)
        }
        return reply(encoded, response)
    }

    @Sendable private func classify(_ call: HTTPCall) async throws -> HTTPReply {
        let answer = try await calls.classify(
            try target(call), try await examples(call), receivedAt: call.receivedAt
        ) {
            try RequestControls.apply(call, to: &$0)
        }
        return reply(TensorFlowResultsEncoder.encode(classes: answer.value), answer.response)
    }

    @Sendable private func regress(_ call: HTTPCall) async throws -> HTTPReply {
        let answer = try await calls.regress(
            try target(call), try await examples(call), receivedAt: call.receivedAt
        ) {
            try RequestControls.apply(call, to: &$0)
        }
        return reply(TensorFlowResultsEncoder.encode(values: answer.value), answer.response)
    }

    private func examples(_ call: HTTPCall) async throws -> ExampleList {
        _ = try calls.service.endpoint(call["model"])
        let body = try await call.body()
        return try body.withUnsafeReadableBytes { try TensorFlowExamplesDecoder.decode($0) }
    }

    private func reply(_ encoded: [UInt8], _ response: InferenceResponse) -> HTTPReply {
        var reply = HTTPReply.json(encoded)
        reply.timings = response.timings
        return reply
    }

    // MARK: - Versions

    /// What the path names.
    private func target(_ call: HTTPCall) throws -> TensorFlowTarget {
        let label = call["label"]
        return TensorFlowTarget(
            endpoint: call["model"], version: try call.version(), label: label.isEmpty ? nil : label)
    }

    @Sendable private func metadata(_ call: HTTPCall) async throws -> HTTPReply {
        let metadata = try await calls.metadata(try target(call), receivedAt: call.receivedAt) {
            try RequestControls.apply(call, to: &$0)
        }
        return .json(metadata.encode())
    }

    @Sendable private func status(_ call: HTTPCall) async throws -> HTTPReply {
        .json(TensorFlowVersionStatus.encode(try await calls.statuses(try target(call))))
    }
}
