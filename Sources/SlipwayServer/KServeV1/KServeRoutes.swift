// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayWire

/// KServe V1 beside its predict, which is TensorFlow Serving's: which models there are, and explanations.
///
/// `/v1/models` and `/v1/models/M` answer clients of KServe, TensorFlow Serving and OpenAI at once.
struct KServeRoutes: Sendable {
    let service: InferenceService
    let admin: any AdminService
    /// Whether `/v1/models` is TensorFlow Serving's alone, for clients that refuse members they do not know.
    let isStrictTensorFlowServing: Bool

    var routes: [Route] {
        [
            Route(
                .get, "/v1/models", on: surface,
                documentation("Models that are served here.", reply: "ModelListing").failing(400), list),
            Route(
                .get, "/v1/models/{model}", on: surface,
                documentation("Whether a model answers, and the state of its versions.", reply: "ModelState"), model),
            Route(
                .post, "/v1/models/{model}:explain", on: .tensorFlowServing,
                documentation("Not supported: answers 501.", request: .json("TensorFlowPredict"), reply: nil), explain),
            Route(
                .get, "/v2/models", documentation("Names of the models that are served here.", reply: "ModelNames")
            ) { _ in
                .json(ModelListing.encode(names: served.map(\.endpoint)))
            },
        ]
    }

    /// Failures have OpenAI's shape: its clients read into it, KServe's the status alone.
    private var surface: ErrorTable.Surface { isStrictTensorFlowServing ? .tensorFlowServing : .openAI }

    private func documentation(
        _ summary: String, request: Route.Content = .none, reply: String?
    ) -> Route.Documentation {
        Route.Documentation(summary: summary, tag: "KServe V1", request: request, reply: .json(reply))
    }

    /// Endpoints that are not just on their way out.
    private var served: [EndpointStatus] {
        service.statuses().filter { $0.serving != nil || $0.wanted != nil }
    }

    @Sendable private func list(_ call: HTTPCall) async throws -> HTTPReply {
        guard !isStrictTensorFlowServing else {
            throw ServerError(.badParameter, "Missing model name in request: ask for /v1/models/NAME")
        }
        var models: [ModelListing] = []
        for status in served { models.append(await listing(status)) }
        return .json(ModelListing.encode(models))
    }

    /// KServe takes 503 for not ready; TensorFlow Serving answers 200 whatever the state, and does so when strict.
    @Sendable private func model(_ call: HTTPCall) async throws -> HTTPReply {
        let status = try service.endpoint(call["model"]).status()
        guard !isStrictTensorFlowServing else {
            return .json(TensorFlowVersionStatus.encode(status.tensorFlowVersions))
        }
        let listing = await listing(status)
        guard !listing.isReady else { return .json(listing.encode()) }
        let failure = ServerError(
            .unfinished, "endpoint '\(status.endpoint)' is not ready: \(status.message ?? status.state)")
        var reply = HTTPReply.json(listing.encode(failure: OpenAIFailure(failure)), status: 503)
        reply.headers[.retryAfter] = "1"
        return reply
    }

    @Sendable private func explain(_ call: HTTPCall) async throws -> HTTPReply {
        _ = try service.endpoint(call["model"])
        throw WireError(
            .unsupported,
            "explain is not supported: this server has no explainer for model '\(call["model"])' yet; use :predict")
    }

    private func listing(_ status: EndpointStatus) async -> ModelListing {
        var createdAt: Int64 = 0
        if !isStrictTensorFlowServing, let version = status.serving ?? status.wanted {
            let reference = ModelReference(name: version.model, selector: .version(version.number))
            // The registry may be away while the data plane serves on: the time is the least part of the answer.
            createdAt = ((try? await admin.version(reference))?.createdAt.milliseconds ?? 0) / 1000
        }
        var listing = ModelListing(
            name: status.endpoint, isReady: status.isAnswering, versions: status.tensorFlowVersions,
            createdAt: createdAt)
        if !isStrictTensorFlowServing { listing.language = languageFacts(status.endpoint) }
        return listing
    }

    /// Of an endpoint whose loaded version is a language model.
    private func languageFacts(_ name: String) -> ModelListing.LanguageFacts? {
        guard let model = (try? service.endpoint(name).version(nil))?.language?.model else { return nil }
        let facts = model.facts
        return ModelListing.LanguageFacts(
            vocabularySize: facts.vocabularySize, trainingContext: facts.trainingContext,
            embeddingWidth: facts.embeddingWidth, parameterCount: facts.parameterCount,
            byteCount: model.residentBytes)
    }
}
