// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayServing
import Synchronization

/// A data plane over a ``ScriptedEngine``, with all that it reports.
package final class ServingRig: Sendable {
    private struct Log {
        var events: [ServingEvent] = []
        var observations: [InferenceObservation] = []
        var executions: [ExecutionObservation] = []
    }

    package let engine: ScriptedEngine
    package let service: InferenceService
    private let log: LogBox

    private final class LogBox: Sendable {
        let state = Mutex(Log())
    }

    /// - Parameters:
    ///   - cores: As many calls of one thread run at the same time.
    ///   - memory: Bytes for all models; each takes 1000 when it is loaded, and 8 MiB more while it is being loaded.
    package init(
        script: ScriptedEngine.Script = ScriptedEngine.Script(),
        configuration: ServingConfiguration = ServingConfiguration(), source: ScriptedSource = ScriptedSource(),
        cores: Int = 16, memory: Int? = nil
    ) {
        let engine = ScriptedEngine(script: script)
        let log = LogBox()
        self.engine = engine
        self.log = log
        var context = ServingContext(
            engines: [engine], source: source, configuration: configuration, cores: CoreGate(cores: cores),
            memory: ModelMemory(budget: memory, available: { nil }))
        context.report = { event in log.state.withLock { $0.events.append(event) } }
        context.observe = { observation in log.state.withLock { $0.observations.append(observation) } }
        context.observeExecution = { execution in log.state.withLock { $0.executions.append(execution) } }
        service = InferenceService(context: context)
    }

    package var gate: Gate { engine.script.gate }
    package var events: [ServingEvent] { log.state.withLock { $0.events } }
    package var observations: [InferenceObservation] { log.state.withLock { $0.observations } }
    package var executions: [ExecutionObservation] { log.state.withLock { $0.executions } }

    /// What endpoint `e` is to serve; replaced versions go at once unless `change` says otherwise.
    package static func assignment(
        _ number: Int, endpoint: String = "e", revision: Int? = nil, engine: String? = nil, instances: Int? = nil,
        _ change: (inout EndpointSpec) -> Void = { _ in }
    ) -> EndpointAssignment {
        var spec = EndpointSpec(primary: version(number), engine: engine, instances: instances)
        spec.lifecycle.rollbackWindowSeconds = 0
        change(&spec)
        return EndpointAssignment(endpoint: endpoint, revision: revision ?? number, spec: spec)
    }

    package static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    /// A request of `rows` rows of zeros.
    package static func request(
        rows: Int = 1, endpoint: String = "e", version: Int? = nil, caller: Caller = Caller(),
        deadline: ContinuousClock.Instant? = nil, cancellation: CancellationFlag = CancellationFlag()
    ) throws -> InferenceRequest {
        var request = try request(
            [Float](repeating: 0, count: rows), endpoint: endpoint, caller: caller, deadline: deadline)
        request.version = version
        request.cancellation = cancellation
        return request
    }

    /// A request of one row for each value.
    package static func request(
        _ values: [Float], columns: Int = 1, endpoint: String = "e", caller: Caller = Caller(),
        deadline: ContinuousClock.Instant? = nil
    ) throws -> InferenceRequest {
        InferenceRequest(
            endpoint: endpoint, inputs: ["x": try Tensor(values, shape: [values.count / columns, columns])],
            caller: caller, deadline: deadline)
    }

    /// The answer to a request, as numbers.
    package func ask(_ request: InferenceRequest) async throws -> [Float] {
        try await service.infer(request).outputs["y"]?.values(as: Float.self) ?? []
    }

    /// Requests that wait for a lane, of all versions of an endpoint.
    package func waiting(_ endpoint: String = "e") -> Int {
        status(endpoint)?.versions.reduce(0) { $0 + $1.waiting } ?? 0
    }

    /// The status of an endpoint; `nil` when there is none.
    package func status(_ endpoint: String = "e") -> EndpointStatus? {
        service.statuses().first { $0.endpoint == endpoint }
    }

    /// Wants this version alone and waits until it answers.
    package func serve(
        _ number: Int, revision: Int? = nil, instances: Int? = nil, _ change: (inout EndpointSpec) -> Void = { _ in }
    ) async {
        service.apply([Self.assignment(number, revision: revision, instances: instances, change)])
        await until { self.status()?.serving?.number == number }
    }

    /// As ``eventually(_:)``.
    package func until(_ condition: () -> Bool) async { await eventually(condition) }
}

/// Waits until `condition` holds, however long that takes; a test's time limit ends one that never does.
///
/// Pauses between two looks: loaders run at a lower priority than a task that never rests.
package func eventually(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
}
