// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayServing
package import SlipwayWire

/// TensorFlow Serving's calls, whatever transport brings them.
package struct TensorFlowCalls: Sendable {
    /// Adds what the transport knows of a request: deadline, caller, cancellation, urgency.
    package typealias Preparation = (inout InferenceRequest) throws -> Void

    let service: InferenceService
    let labels: VersionLabels

    package init(service: InferenceService, labels: VersionLabels) {
        self.service = service
        self.labels = labels
    }

    /// An answer, and what was inferred for it.
    package struct Answer<Value> {
        package let value: Value
        package let response: InferenceResponse
    }

    /// A request to a target without inputs yet, and a version that is ready to read them by.
    ///
    /// - Throws: `ServingError`, and what ``VersionLabels`` and `prepare` throw.
    func begin(
        _ target: TensorFlowTarget, receivedAt: ContinuousClock.Instant, _ prepare: Preparation
    ) async throws -> (InferenceRequest, LoadedVersion) {
        let endpoint = try service.endpoint(target.endpoint)
        var request = InferenceRequest(
            endpoint: target.endpoint, version: try await number(target), inputs: [:], receivedAt: receivedAt)
        try prepare(&request)
        let version = try await endpoint.readyVersion(
            request.version, until: request.deadline, request.cancellation)
        return (request, version)
    }

    /// The version's number, by itself or by label; `nil` for none.
    func number(_ target: TensorFlowTarget) async throws -> Int? {
        guard let label = target.label else { return target.version }
        return try await labels.version(label, of: target.endpoint)
    }

    /// Classes with their scores, a list for each example.
    package func classify(
        _ target: TensorFlowTarget, _ examples: ExampleList, receivedAt: ContinuousClock.Instant,
        prepare: Preparation
    ) async throws -> Answer<[[ScoredClass]]> {
        try await infer(target, examples, receivedAt: receivedAt, prepare: prepare) { response, version in
            try ExampleResults.classes(
                response.outputs, rows: examples.examples.count, labels: version.resolved.labels)
        }
    }

    /// One value for each example.
    package func regress(
        _ target: TensorFlowTarget, _ examples: ExampleList, receivedAt: ContinuousClock.Instant,
        prepare: Preparation
    ) async throws -> Answer<[Float]> {
        try await infer(target, examples, receivedAt: receivedAt, prepare: prepare) { response, _ in
            try ExampleResults.values(response.outputs, rows: examples.examples.count)
        }
    }

    func infer<Value>(
        _ target: TensorFlowTarget, _ examples: ExampleList, receivedAt: ContinuousClock.Instant,
        prepare: Preparation, read: (InferenceResponse, LoadedVersion) throws -> Value
    ) async throws -> Answer<Value> {
        var (request, version) = try await begin(target, receivedAt: receivedAt, prepare)
        request.inputs = try examples.inputs(for: version.signature)
        let (response, value) = try await service.infer(request, encode: read)
        return Answer(value: value, response: response)
    }

    /// The states of the versions meant, the highest number first.
    ///
    /// - Throws: `ServingError` `unknownEndpoint`, ``ServerError`` `notFound` for a version that is not there.
    package func statuses(_ target: TensorFlowTarget) async throws -> [TensorFlowVersionStatus] {
        let statuses = try service.endpoint(target.endpoint).status().tensorFlowVersions
        guard let number = try await number(target) else { return statuses }
        let meant = statuses.filter { $0.version == number }
        guard !meant.isEmpty else {
            throw ServerError(.notFound, "Could not find version \(number) of model '\(target.endpoint)'")
        }
        return meant
    }

    /// The signature of the version meant, brought into memory where it is loaded on demand.
    package func metadata(
        _ target: TensorFlowTarget, receivedAt: ContinuousClock.Instant, prepare: Preparation
    ) async throws -> TensorFlowModelMetadata {
        let (_, version) = try await begin(target, receivedAt: receivedAt, prepare)
        return TensorFlowModelMetadata(
            name: target.endpoint, version: version.id.number, signature: version.signature)
    }
}
