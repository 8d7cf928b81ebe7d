// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

extension ServedEndpoint {
    /// Routes, admits and executes one request.
    func answer(
        _ request: InferenceRequest, _ trace: inout RequestTrace
    ) async throws -> (InferenceResponse, RouteChoice) {
        while true {
            let choice = try await choose(request)
            let version = choice.version
            trace.version = version.id.number
            trace.route = choice.kind
            let rows = version.runner.rules.rows(of: request.inputs)
            trace.rows = rows
            let response = try await version.withLease {
                try version.signature.check(request.inputs)
                if let outputs = request.requestedOutputs { try version.signature.checkOutputs(outputs) }
                let key = cache.key(request, of: version)
                if let key, let known = cache.find(key) {
                    // An answer that costs no engine counts against quotas like any other.
                    try admission.charge(request.caller.identity, rows: rows, endpoint: name)
                    return reply(to: request, choice, known, route: .cache)
                }
                let execution = try await admitted(request, rows: rows, choice)
                if let key { cache.keep(execution.outputs, for: key) }
                return reply(
                    to: request, choice, execution.outputs, route: choice.kind, timings: execution.timings,
                    batchSize: execution.batchSize)
            }
            // No lease: the version was retired between the look-up and here, and another one has taken over.
            guard let response else { continue }
            trace.route = response.route
            return (response, choice)
        }
    }

    private func admitted(
        _ original: InferenceRequest, rows: Int, _ choice: RouteChoice
    ) async throws -> PendingInference.Execution {
        var request = original
        if request.deadline == nil, let usual = choice.settings.usualTimeout {
            request.deadline = request.receivedAt + usual
        }
        let boundsWait = choice.settings.boundsWait || request.deadline != nil
        let permit = try admission.admit(
            AdmissionDemand(
                client: request.caller.identity, rows: rows, bytes: request.inputs.byteCount,
                predictedWait: boundsWait ? choice.version.runner.predictedWait : .zero, deadline: request.deadline),
            endpoint: name)
        if choice.settings.recordsInputs { state.withLock { $0.recorded.offer(request.inputs) } }
        let execution = try await choice.version.execute(request, rows: rows)
        _ = consume permit
        return execution
    }

    private func reply(
        to request: InferenceRequest, _ choice: RouteChoice, _ outputs: NamedTensors, route: RouteKind,
        timings: InferenceTimings = InferenceTimings(), batchSize: Int = 0
    ) -> InferenceResponse {
        InferenceResponse(
            id: request.id, endpoint: name, version: choice.version.id.number, outputs: outputs, timings: timings,
            route: route, batchSize: batchSize)
    }

    /// Sends copies of an answered request to shadows.
    func copy(_ request: InferenceRequest, answered answer: NamedTensors, to shadows: [Shadow]) {
        let table = state.withLock { $0.table }
        for shadow in shadows { mirror.copy(request, answered: answer, to: shadow, table?.versions[shadow.version]) }
    }
}
