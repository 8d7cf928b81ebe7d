// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What is known of a request so far, for its observation.
struct RequestTrace {
    var version: Int?
    var route = RouteKind.primary
    var rows = 1

    func observation(
        of request: InferenceRequest, _ outcome: InferenceObservation.Outcome, _ response: InferenceResponse?,
        at end: ContinuousClock.Instant
    ) -> InferenceObservation {
        var observation = InferenceObservation(
            requestID: request.id, endpoint: request.endpoint, version: version, route: route, outcome: outcome,
            rows: rows, batchSize: response?.batchSize ?? 0, inputBytes: request.inputs.byteCount,
            outputBytes: response?.outputs.byteCount ?? 0, timings: response?.timings ?? InferenceTimings(),
            total: end - request.receivedAt)
        observation.trace = request.trace
        return observation
    }

    func prediction(
        _ request: InferenceRequest, _ response: InferenceResponse, _ choice: RouteChoice, _ wallClock: Timestamp,
        at end: ContinuousClock.Instant
    ) -> PredictionObservation {
        PredictionObservation(
            requestID: request.feedbackID ?? request.id, endpoint: request.endpoint, version: choice.version.id,
            route: route, at: wallClock, inputs: request.inputs, outputs: response.outputs,
            parameters: request.parameters, rows: rows, total: end - request.receivedAt)
    }
}
