// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import Synchronization

/// The data plane of one replica: endpoints that answer requests and follow desired state.
package final class InferenceService: Sendable {
    private struct State {
        var endpoints: [String: ServedEndpoint] = [:]
        var isDraining = false
    }

    private let context: ServingContext
    private let observe: @Sendable (InferenceObservation) -> Void
    private let state = Mutex(State())

    /// - Parameter observe: Called once per request on the request's task; must be quick and never block.
    package init(context: ServingContext, observe: @escaping @Sendable (InferenceObservation) -> Void) {
        self.context = context
        self.observe = observe
    }

    // MARK: - Requests

    /// Answers one request.
    ///
    /// - Throws: ``ServingError``, `SignatureError` or `EngineError`.
    package func infer(_ request: InferenceRequest) async throws -> InferenceResponse {
        var trace = Trace()
        do {
            let response = try await answer(request, &trace)
            record(request, trace, .success, response)
            return response
        } catch {
            record(request, trace, .failure((error as? any SlipwayError)?.category ?? .internal), nil)
            throw error
        }
    }

    /// What is known of a request so far, for its observation.
    private struct Trace {
        var version: Int?
        var rows = 1
    }

    private func answer(_ request: InferenceRequest, _ trace: inout Trace) async throws -> InferenceResponse {
        let endpoint = try endpoint(request.endpoint)
        let permit = try endpoint.admission.admit(bytes: request.inputs.byteCount, endpoint: request.endpoint)
        while true {
            let version = try endpoint.version(request.version)
            trace.version = version.id.number
            trace.rows = version.model.signature.rows(of: request.inputs)
            let response = try await version.withLease {
                try version.model.signature.check(request.inputs)
                if let outputs = request.requestedOutputs { try version.model.signature.checkOutputs(outputs) }
                let execution = try await version.execute(request, permit: permit)
                var timings = execution.prediction.timings
                timings.queue = execution.queue
                return InferenceResponse(
                    id: request.id, endpoint: request.endpoint, version: version.id.number,
                    outputs: execution.prediction.outputs, timings: timings)
            }
            // No lease: the version was retired between the look-up and here, and another one has taken over.
            if let response { return response }
        }
    }

    private func record(
        _ request: InferenceRequest, _ trace: Trace, _ outcome: InferenceObservation.Outcome,
        _ response: InferenceResponse?
    ) {
        observe(
            InferenceObservation(
                requestID: request.id, endpoint: request.endpoint, version: trace.version, outcome: outcome,
                rows: trace.rows, batchSize: response == nil ? 0 : trace.rows,
                inputBytes: request.inputs.byteCount, outputBytes: response?.outputs.byteCount ?? 0,
                timings: response?.timings ?? InferenceTimings(), total: ContinuousClock.now - request.receivedAt))
    }

    // MARK: - Looking at it

    /// - Throws: ``ServingError`` `unknownEndpoint`.
    package func endpoint(_ name: String) throws(ServingError) -> ServedEndpoint {
        guard let endpoint = state.withLock({ $0.endpoints[name] }) else { throw .unknownEndpoint(name) }
        return endpoint
    }

    /// Every endpoint's status, by name.
    package func statuses() -> [EndpointStatus] {
        state.withLock { Array($0.endpoints.values) }.map { $0.status() }.sorted { $0.endpoint < $1.endpoint }
    }

    /// Whether requests are accepted: not shutting down, and every endpoint serves something or has failed for good.
    package var isReady: Bool {
        let (endpoints, isDraining) = state.withLock { (Array($0.endpoints.values), $0.isDraining) }
        return !isDraining && endpoints.allSatisfy { $0.status().isSettled }
    }

    // MARK: - Desired state

    /// Makes the endpoints follow `assignments`, the whole of what is wanted; returns at once.
    package func apply(_ assignments: [EndpointAssignment]) {
        var wanted: [String: EndpointAssignment] = [:]
        for assignment in assignments { wanted[assignment.endpoint] = assignment }
        let endpoints = state.withLock { state -> [ServedEndpoint] in
            guard !state.isDraining else { return [] }
            state.endpoints = state.endpoints.filter { wanted[$0.key] != nil || !$0.value.isEmpty }
            for name in wanted.keys where state.endpoints[name] == nil {
                state.endpoints[name] = ServedEndpoint(name: name, context: context)
            }
            return Array(state.endpoints.values)
        }
        for endpoint in endpoints { endpoint.desire(wanted[endpoint.name]) }
    }

    /// Declares the replica not ready; requests are still answered.
    package func beginDraining() { state.withLock { $0.isDraining = true } }

    /// Retires every version, each when its last request is answered.
    package func retireAll() {
        beginDraining()
        for endpoint in state.withLock({ Array($0.endpoints.values) }) { endpoint.desire(nil) }
    }

    /// Whether no version is in memory any more.
    package var isEmpty: Bool { state.withLock { Array($0.endpoints.values) }.allSatisfy(\.isEmpty) }
}

extension EndpointStatus {
    /// Serving, or failed with nothing more to come.
    package var isSettled: Bool { serving != nil || state == "failed" }
}

extension ModelSignature {
    /// The request's rows: the first dimension of its first input where that is a batch, else 1.
    func rows(of inputs: NamedTensors) -> Int {
        guard hasVariableFirstDimension, let rows = inputs.first?.tensor.shape.dimensions.first else { return 1 }
        return rows
    }
}
