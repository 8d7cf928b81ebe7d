// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayServer
import SlipwayServing
import SlipwayStorage
import Synchronization
import UnixSignals

/// One `slipway serve` process: joins stores, engines, data plane and listeners, and runs them.
struct Replica {
    let settings: ServeSettings
    let homeFolder: String
    /// What the cloud that runs the container asks for.
    let clouds: CloudContracts
    private let logger = Logger(label: "slipway")

    init(settings: ServeSettings, homeFolder: String, clouds: CloudContracts) {
        self.settings = settings
        self.homeFolder = homeFolder
        self.clouds = clouds
    }

    func run() async throws {
        Allocator.keepLargeBuffersWarm()
        let division = CoreDivision(
            of: .current(), lanes: settings.lanes, threadsPerCall: settings.threadsPerCall)
        NIOSingletons.groupLoopCountSuggestion = division.eventLoops
        // Request tasks then run where their sockets are read, without a hop to a pool of other threads and back.
        // Where the runtime does not allow it, they hop.
        _ = NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
        let engines = EngineCache.discover(threads: division.threadsPerCall, log: logger) { failure in
            logger.warning("an engine is left out: \(failure)")
        }
        let home = try await OpenHome(folder: homeFolder, engines: engines)
        for problem in clouds.problems { logger.warning("\(problem)") }
        try await ContainerStart(folders: clouds.modelFolders, name: clouds.defaultEndpoint, admin: home.control)
            .deployModel { [logger] in logger.info("\($0)") }
        let metrics = MetricsRegistry(
            servesVLLMNames: settings.servesVLLMMetrics, compatibility: settings.metricNames)
        let identity = Self.identity()
        let late = LateService()
        let monitoring = try ReplicaMonitoring(
            home, replica: identity.id, settings: settings, metrics: metrics, logger: logger, service: late)
        let service = dataPlane(home, engines, division, metrics, monitoring)
        late.value = service
        let control = home.control(watchedBy: monitoring)
        let addresses = Mutex<[String: String]>([:])
        let reconciler = Reconciler(
            store: home.store, service: service, replica: identity,
            cores: CoreShares(
                cores: EngineCache.cores, eventLoops: division.eventLoops, lanes: division.lanes,
                threadsPerCall: division.threadsPerCall),
            addresses: { addresses.withLock { $0 } }, clock: Timestamp.systemNow
        ) { [logger] in logger.warning("\($0)") }
        // Before anybody can ask whether the replica is ready.
        try await reconciler.reconcile()
        await monitoring.loop.prepare()
        let hosts = ServerHosts(
            service: service, metrics: metrics, admin: control, keys: home.store,
            configuration: try serverConfiguration(home), log: Self.logSettings(), logger: logger,
            live: monitoring.loop)
        let listeners = try await listeners(hosts) { name, address in addresses.withLock { $0[name] = address } }
        try await runUntilStopped(
            [
                monitoring, DataPlaneService(service: service), ReconcileService(reconciler: reconciler),
            ] + listeners + [
                DrainNotice(service: service, delay: settings.drainDelay, patience: settings.drainTimeout) {
                    monitoring.loop.events.finish()
                }
            ])
        try? await home.store.removeReplica(reconciler.replicaID)
        await home.close()
        guard service.isEmpty else {
            logger.error("stopped before every request was answered")
            throw ExitCode(1)
        }
        logger.info("stopped: every request answered, every model unloaded")
    }

    /// The listeners of administration, inference over HTTP and over gRPC; each tells where it listens.
    private func listeners(
        _ hosts: ServerHosts, note: @escaping @Sendable (_ name: String, _ address: String) -> Void
    ) async throws -> [any Service] {
        let listening = { @Sendable (name: String, address: ListenAddress) in
            { @Sendable (port: Int) async in
                let bound = ListenAddress(host: address.host, port: port)
                note(name, name == "grpc" ? "\(bound)" : "http://\(bound)")
                logger.info("listening", metadata: ["\(name)": "\(bound)"])
            }
        }
        let admin = try await hosts.administration(
            clock: Timestamp.systemNow, onListening: listening("admin", settings.admin))
        let http = hosts.inference(
            clock: Timestamp.systemNow, onListening: listening("http", httpAddress))
        let grpc = try hosts.inferenceOverGRPC(
            clock: Timestamp.systemNow, onListening: listening("grpc", settings.grpc))
        return [admin, http, grpc]
    }

    /// Services stop in reverse order, each when the one after it has: first the notice, then the listeners, then
    /// the reconcile loop, last the data plane.
    private func runUntilStopped(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.drainDelay + settings.drainTimeout
        try await ServiceGroup(configuration: configuration).run()
    }

    private func dataPlane(
        _ home: OpenHome, _ engines: [any InferenceEngine], _ division: CoreDivision, _ metrics: MetricsRegistry,
        _ monitoring: ReplicaMonitoring
    ) -> InferenceService {
        var configuration = ServingConfiguration()
        configuration.limits = AdmissionLimits(
            requests: settings.maximumRequests, bytes: settings.maximumRequestBytes)
        configuration.lanes = division.lanes
        configuration.threadsPerCall = division.threadsPerCall
        configuration.engineCacheFolder = HomeCache(folder: home.layout.cache).engines
        configuration.profilePathPrefix = settings.profilePathPrefix
        let loads = LoadTimes()
        var context = ServingContext(
            engines: engines, source: RegistryModelSource(store: home.store, artifacts: home.artifacts),
            configuration: configuration, cores: CoreGate(cores: EngineCache.cores),
            memory: ModelMemory(budget: settings.modelMemory))
        context.report = { [logger] event in
            loads.note(event)
            if event.state == .unloaded, event.isOnlyLoad {
                metrics.retire(endpoint: event.endpoint, version: event.version.number)
            }
            logger.log(
                level: event.state.logLevel, "\(event.endpoint): \(event.version) \(event.state.name)",
                metadata: event.state.logMetadata)
        }
        let (loop, traces) = (monitoring.loop, monitoring.traces)
        context.wallClock = Timestamp.systemNow
        context.observe = { observation in
            metrics.record(observation)
            loop.observe(observation)
            traces?.record(observation)
        }
        context.observePrediction = { loop.observe($0) }
        context.observeExecution = { metrics.record($0) }
        context.observeGeneration = { observation in
            metrics.record(observation)
            loop.observe(observation)
            traces?.record(observation)
        }
        context.observeStep = { metrics.record($0) }
        context.trimMemory = Allocator.giveBackFreeMemory
        let service = InferenceService(context: context)
        metrics.provideProcessMetrics(version: Release.version)
        metrics.provideServingMetrics(service, loads)
        metrics.provideLanguageMetrics { service.languageGauges }
        metrics.provideSharedMetrics(context.cores, context.memory)
        return service
    }

    /// The cloud's, unless the user chose one.
    private var httpAddress: ListenAddress {
        guard settings.http == ServeSettings().http, let address = clouds.address else { return settings.http }
        return address
    }

    private func serverConfiguration(_ home: OpenHome) throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.http = httpAddress
        configuration.grpc = settings.grpc
        configuration.admin = settings.admin
        configuration.cors = settings.corsOrigins.isEmpty ? nil : try CORSPolicy(allowedOrigins: settings.corsOrigins)
        configuration.maximumConnections = settings.maximumConnections
        configuration.isStrictTensorFlowServing = settings.isStrictTensorFlowServing
        configuration.clouds = clouds
        configuration.maximumBodyBytes = settings.maximumBodyBytes
        configuration.allowsRepositoryControl = settings.allowsRepositoryControl
        configuration.uploadFolder = home.layout.cache
        configuration.traceFile = settings.traceFile
        configuration.version = Release.version
        return configuration
    }

    private static func logSettings() -> LogSettings {
        LogSettings { threshold in
            switch threshold {
            case .verbose: LogSetup.set(.debug)
            case .info: LogSetup.set(.info)
            case .warning: LogSetup.set(.warning)
            case .error, .none: LogSetup.set(.error)
            }
        }
    }

    private static func identity() -> ReplicaIdentity {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let host = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let process = Int(getpid())
        let startedAt = Timestamp.systemNow()
        return ReplicaIdentity(
            id: "\(host)-\(process)-\(startedAt.milliseconds)", host: host, processID: process, startedAt: startedAt)
    }
}
