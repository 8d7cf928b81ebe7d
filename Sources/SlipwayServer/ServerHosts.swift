// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import HTTPTypes
package import Logging
package import SlipwayControl
package import SlipwayCore
package import SlipwayMonitoring
package import SlipwaySecurity
package import SlipwayServing
package import SlipwayWire

/// Builds the listeners of a replica.
package struct ServerHosts: Sendable {
    private let service: InferenceService
    private let metrics: MetricsRegistry
    private let admin: any AdminService
    private let keys: any KeyStore
    private let live: (any LiveMonitor)?
    private let operations = OperationBook()
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let trace: TraceSettings
    private let facts: ModelFacts
    private let settings: ServerSettings
    private let repository: RepositoryControl

    package init(
        service: InferenceService, metrics: MetricsRegistry, admin: any AdminService, keys: any KeyStore,
        configuration: ServerConfiguration, log: LogSettings, logger: Logger, live: (any LiveMonitor)? = nil
    ) {
        self.service = service
        self.metrics = metrics
        self.admin = admin
        self.keys = keys
        self.live = live
        self.configuration = configuration
        self.logger = logger
        trace = TraceSettings(file: configuration.traceFile)
        let control = configuration.allowsRepositoryControl
        facts = ModelFacts(service: service, metrics: metrics)
        settings = ServerSettings(service: service, trace: trace, log: log, allowsControl: control)
        repository = RepositoryControl(service: service, admin: admin, allowsControl: control)
    }

    /// The HTTP listener for inference, health and metrics.
    package func inference(
        clock: @escaping @Sendable () -> Timestamp, onListening: @escaping @Sendable (Int) async -> Void
    ) -> HTTPHost {
        let labels = VersionLabels(service: service, admin: admin)
        let routes: [Route] = [
            V2Routes(service: service, version: configuration.version, facts: facts, trace: trace).routes,
            StatisticsRoutes(facts: facts).routes,
            RepositoryRoutes(control: repository).routes,
            SettingsRoutes(settings: settings).routes,
            SharedMemoryRoutes().routes,
            PlainRoutes(service: service).routes,
            TensorFlowRoutes(calls: TensorFlowCalls(service: service, labels: labels)).routes,
            KServeRoutes(
                service: service, admin: admin, isStrictTensorFlowServing: configuration.isStrictTensorFlowServing
            ).routes,
            OpenAIRoutes(access: LanguageAccess(service: service, clock: clock)).routes,
            FeedbackRoutes(admin: admin).routes,
            HealthRoutes(service: service, metrics: metrics).routes,
        ].flatMap(\.self)
        let clouds = CloudRoutes(
            contracts: configuration.clouds, service: service, admin: admin,
            allowsControl: configuration.allowsRepositoryControl)
        let all = clouds.added(to: CloudEvents.added(to: routes, clock: clock))
        let table = RouteTable(
            OpenAPIRoute.added(
                to: all, title: "Slipway inference", version: configuration.version, answersOptions: true))
        let callers = CallerBook(keys: keys, clock: clock)
        // Of all calls feedback alone asks for a role.
        let gate = AccessGate(keys: keys, isOpenWithoutKeys: true, clock: clock)
        return HTTPHost(
            name: "http", address: configuration.http, table: table, gate: gate, callers: callers,
            bodyLimit: configuration.maximumBodyBytes, logger: logger, onListening: onListening,
            cors: configuration.cors, maximumConnections: configuration.maximumConnections,
            isDraining: { [service] in service.isDraining })
    }

    /// The gRPC listener: inference, health and reflection.
    ///
    /// - Throws: When the descriptors that reflection hands out are damaged.
    package func inferenceOverGRPC(
        clock: @escaping @Sendable () -> Timestamp, onListening: @escaping @Sendable (Int) async -> Void
    ) throws -> GRPCHost {
        let callers = CallerBook(keys: keys, clock: clock)
        let inference = InferenceMethods(service: service, callers: callers, trace: trace)
        var router = RPCRouter<GRPCTransport>()
        inference.register(in: &router)
        let tensorFlow = TensorFlowMethods(
            calls: TensorFlowCalls(service: service, labels: VersionLabels(service: service, admin: admin)),
            control: repository, callers: callers, trace: trace)
        tensorFlow.register(in: &router)
        ServerMethods(facts: facts, version: configuration.version).register(in: &router)
        RepositoryMethods(control: repository).register(in: &router)
        SettingsMethods(settings: settings).register(in: &router)
        let named = Set(router.methods.map(\.service.fullyQualifiedService))
            .union([HealthMethods.name] + ReflectionMethods.names).sorted()
        HealthMethods(service: service, services: named).register(in: &router)
        ReflectionMethods(index: try DescriptorIndex(base64: DescriptorSet.base64, services: named))
            .register(in: &router)
        let transport = GRPCTransport(
            address: configuration.grpc, direct: inference.direct + tensorFlow.direct,
            messageLimit: configuration.maximumBodyBytes,
            maximumConnections: configuration.maximumConnections ?? ConnectionLimit.automatic(),
            onListening: onListening)
        return GRPCHost(address: configuration.grpc, transport: transport, router: router)
    }

    /// The listener for administration.
    ///
    /// - Throws: ``ServerError`` `forbidden` for an address that others can reach while no key exists.
    package func administration(
        clock: @escaping @Sendable () -> Timestamp, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws -> HTTPHost {
        let isLoopback = configuration.admin.isLoopback
        if !isLoopback, try await keys.keys().isEmpty {
            throw ServerError(
                .forbidden,
                "the admin address \(configuration.admin) can be reached from other machines and no API key exists: "
                    + "run 'slipway token create --role admin' first, or listen on 127.0.0.1")
        }
        let handlers = AdminHandlers(
            admin: admin, operations: operations, uploads: configuration.uploadFolder,
            pieces: UploadFolder(folder: configuration.uploadFolder + "/uploads"), live: live)
        let gate = AccessGate(keys: keys, isOpenWithoutKeys: isLoopback, clock: clock)
        let table = RouteTable(
            OpenAPIRoute.added(
                to: handlers.routes, title: "Slipway administration", version: configuration.version))
        let callers = CallerBook(keys: nil, clock: clock)
        return HTTPHost(
            name: "admin", address: configuration.admin, table: table, gate: gate, callers: callers,
            bodyLimit: configuration.maximumBodyBytes, logger: logger, onListening: onListening,
            maximumConnections: Self.mostAdminConnections)
    }

    /// People and pipelines that administrate are few.
    private static let mostAdminConnections = 512
}
