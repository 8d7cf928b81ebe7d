// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayServing
import SlipwayWire

/// Amazon SageMaker's contract for a container that serves one model.
struct SageMakerRoutes: Sendable {
    let contract: CloudContracts.SageMaker
    let invocations: Invocations

    var routes: [Route] {
        [
            Route(
                .get, "/ping",
                Route.Documentation(
                    summary: "200 without a body when requests are answered, else 503.", tag: "SageMaker", reply: .none
                ).failing(503, body: .json("Error")), ping),
            Route(
                .post, "/invocations",
                Route.Documentation(
                    summary: "Inference by the default endpoint.", tag: "SageMaker",
                    request: Invocations.documentationBody, reply: Invocations.documentationReply
                ).failing(406, 415)
            ) { call in try await invocations.answer(call, endpoint: try invocations.endpointName()) },
        ]
    }

    @Sendable private func ping(_ call: HTTPCall) async throws -> HTTPReply {
        guard contract.pingsReadiness, !invocations.service.isReady else { return .empty }
        return .json(ErrorTable.body(message: "the models are not ready"), status: 503)
    }
}

extension CloudContracts.SageMaker {
    /// The route table's part of this contract.
    func routes(_ invocations: Invocations, _ control: EndpointControl) -> [Route] {
        let single = SageMakerRoutes(contract: self, invocations: invocations).routes
        guard isMultiModel else { return single }
        return single + MultiModelRoutes(roots: modelRoots, invocations: invocations, control: control).routes
    }
}
