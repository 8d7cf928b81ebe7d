// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// Does the steps of one load; what a step leaves is kept for the next.
struct VersionLoader {
    let endpoint: String
    let need: LoadNeed
    /// How the endpoint runs its versions.
    let spec: EndpointSpec
    let context: ServingContext
    /// Inputs of recent requests, to warm up with.
    let recorded: RecordedInputs
    private(set) var loaded: LoadedVersion?
    /// The room that was made for the model; goes with the version.
    private(set) var room: MemoryRoom?
    private var resolved: ResolvedVersion?
    private var folder: String?
    private var bundle: ModelBundle?
    private var prepared: PreparedVersion?

    init(
        endpoint: String, need: LoadNeed, spec: EndpointSpec, context: ServingContext,
        recorded: RecordedInputs
    ) {
        self.endpoint = endpoint
        self.need = need
        self.spec = spec
        self.context = context
        self.recorded = recorded
    }

    mutating func perform(_ step: VersionLifecycle.Step) async throws {
        switch step {
        case .resolve:
            resolved = try await context.source.resolve(need.version)
        case .fetch:
            folder = try await context.source.fetch(try known(resolved))
        case .verify:
            bundle = try await context.source.verify(try known(resolved), in: try known(folder))
        case .load:
            try await load(try known(resolved), try known(bundle))
        case .warmUp:
            try await warmUp(try known(prepared))
        }
    }

    private mutating func load(_ resolved: ResolvedVersion, _ bundle: ModelBundle) async throws {
        let engine = try context.engine(named: need.engine ?? resolved.engine, for: bundle.format)
        let room = try await context.memory.makeRoom(
            for: resolved.id, of: endpoint, fileBytes: resolved.byteCount, policy: ResidencyPolicy(spec.lifecycle))
        self.room = room
        let lanes = need.instances ?? context.configuration.lanes
        var options = LoadOptions(
            device: need.device, threadsPerCall: context.configuration.threadsPerCall, lanes: lanes)
        options.profilePathPrefix = context.configuration.profilePathPrefix.map { "\($0)-\(resolved.id.model)" }
        let model = try await LoaderThread.run { [options] in try engine.load(bundle, options: options) }
        prepared = PreparedVersion(
            resolved: resolved, model: model, engine: engine.name, lanes: lanes,
            threadsPerCall: options.threadsPerCall)
    }

    private mutating func warmUp(_ version: PreparedVersion) async throws {
        let setup = try await version.warmUp(
            spec, recorded: recorded.samples(fitting: version.model.signature), deadlines: context.deadlines)
        let (endpoint, number, observe) = (endpoint, version.resolved.id.number, context.observeExecution)
        loaded = try version.start(setup, context) { rows, timings in
            observe(ExecutionObservation(endpoint: endpoint, version: number, rows: rows, timings: timings))
        }
        prepared = nil
    }

    /// Lets go of what a failed load leaves.
    mutating func discard() async {
        await loaded?.stopLanes()
        loaded = nil
        prepared = nil
        room = nil
    }

    private func known<T>(_ value: T?) throws -> T {
        guard let value else {
            throw ServingError(code: .loadFailed, message: "a step of the load was left out")
        }
        return value
    }
}
