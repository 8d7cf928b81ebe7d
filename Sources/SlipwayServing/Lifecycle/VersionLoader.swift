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
        let isLanguage = engine.capabilities.languageFormats.contains(bundle.format)
        room = try await context.memory.makeRoom(
            for: resolved.id, of: endpoint, estimate: estimate(resolved, isLanguage: isLanguage),
            policy: ResidencyPolicy(spec.lifecycle))
        if isLanguage { return try await loadLanguageModel(resolved, bundle, engine) }
        let lanes = need.instances ?? context.configuration.lanes
        var options = LoadOptions(
            device: need.device, threadsPerCall: context.configuration.threadsPerCall, lanes: lanes,
            precision: need.precision)
        guard engine.capabilities.precisions.contains(need.precision) else {
            throw ServingError(
                code: .loadFailed,
                message: "engine '\(engine.name)' does not compute in \(need.precision.rawValue): leave out the "
                    + "precision, or name an engine that does")
        }
        options.cacheFolder = context.configuration.engineCacheFolder.map {
            "\($0)/\(engine.name)-\(engine.version)/\(resolved.digest.hex)"
        }
        options.profilePathPrefix = context.configuration.profilePathPrefix.map { "\($0)-\(resolved.id.model)" }
        let model = try await LoaderThread.run { [options] in try engine.load(bundle, options: options) }
        prepared = PreparedVersion(
            resolved: resolved, model: model, engine: engine.name, lanes: lanes,
            threadsPerCall: options.threadsPerCall, precision: need.precision)
    }

    private func estimate(_ resolved: ResolvedVersion, isLanguage: Bool) -> MemoryEstimate {
        guard isLanguage else { return MemoryEstimate(fileBytes: resolved.byteCount) }
        return MemoryEstimate(
            bytes: LanguageSettings.memoryEstimate(
                spec, fileBytes: resolved.byteCount, cacheBytesPerToken: resolved.cacheBytesPerToken,
                trainedContext: resolved.trainedContext))
    }

    private mutating func loadLanguageModel(
        _ resolved: ResolvedVersion, _ bundle: ModelBundle, _ engine: any InferenceEngine
    ) async throws {
        // A step is computed by all cores that there are: text of all conversations is in it.
        let threads = context.cores.snapshot.cores
        let options = LoadOptions(device: need.device, threadsPerCall: threads, lanes: 1)
        let model = try await LoaderThread.run { try engine.loadLanguageModel(bundle, options: options) }
        let settings = LanguageSettings(
            spec, facts: model.facts, threads: threads, queuedRequests: context.configuration.limits.requests)
        let (endpoint, number, observe) = (endpoint, resolved.id.number, context.observeStep)
        let work = try await LanguageWork.start(model, settings, gate: context.cores) { facts in
            observe(
                StepObservation(
                    endpoint: endpoint, version: number, prefillTokens: facts.prefillTokens,
                    decodeTokens: facts.decodeTokens, sequences: facts.sequences, duration: facts.duration,
                    gaps: facts.gaps))
        }
        let predictor = LanguagePredictor(
            work: work, signature: bundle.signature, version: resolved.id, endpoint: endpoint)
        prepared = PreparedVersion(
            resolved: resolved, model: predictor, language: work, engine: engine.name,
            lanes: predictor.maximumConcurrency, threadsPerCall: threads)
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
        if loaded == nil { await prepared?.language?.stop() }
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
