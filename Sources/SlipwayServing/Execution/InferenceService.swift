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
    private let state = Mutex(State())
    /// Held while endpoints follow one state that is wanted, so that the next comes after it everywhere.
    private let following = Mutex(())

    package init(context: ServingContext) { self.context = context }

    // MARK: - Requests

    /// Answers one request.
    ///
    /// - Throws: ``ServingError``, `SignatureError` or `EngineError`.
    package func infer(_ request: InferenceRequest) async throws -> InferenceResponse {
        try await infer(request) { _, _ in }.response
    }

    /// Answers one request and writes the answer in the caller's protocol, so that its time is known too.
    ///
    /// - Parameter encode: Called once, with the version that answered.
    package func infer<Encoded>(
        _ request: InferenceRequest, encode: (InferenceResponse, LoadedVersion) throws -> Encoded
    ) async throws -> (response: InferenceResponse, encoded: Encoded) {
        var trace = RequestTrace()
        do {
            let endpoint = try endpoint(request.endpoint)
            var (response, choice) = try await endpoint.answer(request, &trace)
            let answeredAt = ContinuousClock.now
            let encoded = try encode(response, choice.version)
            let endedAt = ContinuousClock.now
            response.timings.encode = endedAt - answeredAt
            context.observe(trace.observation(of: request, .success, response, at: endedAt))
            context.observePrediction?(trace.prediction(request, response, choice, context.wallClock(), at: endedAt))
            if !choice.shadows.isEmpty { endpoint.copy(request, answered: response.outputs, to: choice.shadows) }
            return (response, encoded)
        } catch {
            let category = (error as? any SlipwayError)?.category ?? .internal
            context.observe(trace.observation(of: request, .failure(category), nil, at: .now))
            throw error
        }
    }

    /// Asks a version in memory once more, beside what callers ask: last in line, and observed by nobody.
    ///
    /// - Returns: `nil` where the version is not in memory.
    package func probe(
        _ inputs: NamedTensors, of version: VersionID, on endpoint: String
    ) async throws -> NamedTensors? {
        guard let loaded = try self.endpoint(endpoint).loaded(version) else { return nil }
        let request = InferenceRequest(
            endpoint: endpoint, inputs: inputs, urgency: InferenceRequest.leastUrgent, deadline: .now + Self.patience)
        let rows = loaded.runner.rules.rows(of: inputs)
        return try await loaded.withLease {
            try loaded.signature.check(inputs)
            return try await loaded.execute(request, rows: rows).outputs
        }
    }

    /// An answer to a probe that takes longer is of no use.
    private static let patience: Duration = .seconds(10)

    // MARK: - Looking at it

    /// - Throws: ``ServingError`` `unknownEndpoint`.
    package func endpoint(_ name: String) throws(ServingError) -> ServedEndpoint {
        guard let endpoint = state.withLock({ $0.endpoints[name] }) else { throw .unknownEndpoint(name) }
        return endpoint
    }

    /// Every endpoint's status, by name.
    package func statuses() -> [EndpointStatus] {
        all.map { $0.status() }.sorted { $0.endpoint < $1.endpoint }
    }

    /// Whether requests are accepted: not shutting down, and every endpoint serves something or has failed for good.
    package var isReady: Bool {
        let (endpoints, isDraining) = state.withLock { (Array($0.endpoints.values), $0.isDraining) }
        return !isDraining && endpoints.allSatisfy(\.isSettled)
    }

    /// Whether clients are to go elsewhere.
    package var isDraining: Bool { state.withLock { $0.isDraining } }

    private var all: [ServedEndpoint] { state.withLock { Array($0.endpoints.values) } }

    // MARK: - Desired state

    /// Makes the endpoints follow `assignments`, the whole of what is wanted; returns at once.
    package func apply(_ assignments: [EndpointAssignment]) {
        following.withLock { _ in follow(assignments) }
    }

    private func follow(_ assignments: [EndpointAssignment]) {
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

    /// Does what time asks for; to be called a few times a second.
    package func tick(now: ContinuousClock.Instant = .now) {
        for endpoint in all { endpoint.tick(now: now) }
        context.memory.evictIdle(now: now)
    }

    /// Declares the replica not ready; requests are still answered.
    package func beginDraining() { state.withLock { $0.isDraining = true } }

    /// Retires every version, each when its last request is answered.
    package func retireAll() {
        beginDraining()
        following.withLock { _ in
            for endpoint in all { endpoint.desire(nil) }
        }
    }

    /// Whether no version is in memory any more.
    package var isEmpty: Bool { all.allSatisfy(\.isEmpty) }
}
