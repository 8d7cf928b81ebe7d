// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayServing
import Synchronization

/// A data plane over a ``ScriptedEngine``, with all that it reports.
package final class ServingRig: Sendable {
    private struct Log {
        var events: [ServingEvent] = []
        var observations: [InferenceObservation] = []
    }

    package let engine: ScriptedEngine
    package let service: InferenceService
    private let log: LogBox

    private final class LogBox: Sendable {
        let state = Mutex(Log())
    }

    package init(
        script: ScriptedEngine.Script = ScriptedEngine.Script(),
        configuration: ServingConfiguration = ServingConfiguration(), source: ScriptedSource = ScriptedSource()
    ) {
        let engine = ScriptedEngine(script: script)
        let log = LogBox()
        self.engine = engine
        self.log = log
        service = InferenceService(
            context: ServingContext(
                engines: [engine], source: source, configuration: configuration,
                report: { event in log.state.withLock { $0.events.append(event) } }),
            observe: { observation in log.state.withLock { $0.observations.append(observation) } })
    }

    package var gate: Gate { engine.script.gate }
    package var events: [ServingEvent] { log.state.withLock { $0.events } }
    package var observations: [InferenceObservation] { log.state.withLock { $0.observations } }

    /// What endpoint `e` is to serve.
    package static func assignment(
        _ number: Int, endpoint: String = "e", revision: Int? = nil, engine: String? = nil, instances: Int? = nil
    ) -> EndpointAssignment {
        EndpointAssignment(
            endpoint: endpoint, revision: revision ?? number, version: VersionID(model: "m", number: number),
            engine: engine, device: "cpu", instances: instances)
    }

    /// A request of `rows` rows of zeros.
    package static func request(
        rows: Int = 1, endpoint: String = "e", version: Int? = nil, deadline: ContinuousClock.Instant? = nil,
        cancellation: CancellationFlag = CancellationFlag()
    ) throws -> InferenceRequest {
        InferenceRequest(
            endpoint: endpoint, version: version,
            inputs: ["x": try Tensor([Float](repeating: 0, count: rows), shape: [rows, 1])], deadline: deadline,
            cancellation: cancellation)
    }

    /// The status of an endpoint; `nil` when there is none.
    package func status(_ endpoint: String = "e") -> EndpointStatus? {
        service.statuses().first { $0.endpoint == endpoint }
    }

    /// Wants this version alone and waits until it answers.
    package func serve(_ number: Int, revision: Int? = nil, instances: Int? = nil) async {
        service.apply([Self.assignment(number, revision: revision, instances: instances)])
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
