// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Logging
package import SlipwayControl
package import SlipwayCore
package import SlipwayMonitoring
package import SlipwaySecurity
package import SlipwayServing
package import SlipwayWire

/// Builds the two listeners of a replica.
package struct ServerHosts: Sendable {
    package let service: InferenceService
    package let metrics: MetricsRegistry
    package let admin: any AdminService
    package let keys: any KeyStore
    package let operations: OperationBook
    package let configuration: ServerConfiguration
    package let log: LogSettings
    package let logger: Logger

    package init(
        service: InferenceService, metrics: MetricsRegistry, admin: any AdminService, keys: any KeyStore,
        configuration: ServerConfiguration, log: LogSettings, logger: Logger
    ) {
        self.service = service
        self.metrics = metrics
        self.admin = admin
        self.keys = keys
        operations = OperationBook()
        self.configuration = configuration
        self.log = log
        self.logger = logger
    }

    /// The listener for inference, health and metrics.
    package func inference(
        clock: @escaping @Sendable () -> Timestamp, onListening: @escaping @Sendable (Int) async -> Void
    ) -> HTTPHost {
        let trace = TraceSettings()
        let control = configuration.allowsRepositoryControl
        let routes =
            V2Routes(service: service, version: configuration.version, trace: trace).routes
            + StatisticsRoutes(service: service, metrics: metrics).routes
            + RepositoryRoutes(service: service, admin: admin, allowsControl: control).routes
            + SettingsRoutes(service: service, trace: trace, log: log, allowsControl: control).routes
            + PlainRoutes(service: service).routes
            + HealthRoutes(service: service, metrics: metrics).routes
        let table = RouteTable(withDescription(routes, "Slipway inference"))
        let callers = CallerBook(keys: keys, clock: clock)
        return HTTPHost(
            name: "http", address: configuration.http, table: table, gate: .open, callers: callers,
            bodyLimit: configuration.maximumBodyBytes, logger: logger, onListening: onListening)
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
        let handlers = AdminHandlers(admin: admin, operations: operations, uploads: configuration.uploadFolder)
        let gate = AccessGate(keys: keys, isLoopback: isLoopback, clock: clock)
        let table = RouteTable(withDescription(handlers.routes, "Slipway administration"))
        let callers = CallerBook(keys: nil, clock: clock)
        return HTTPHost(
            name: "admin", address: configuration.admin, table: table, gate: gate, callers: callers,
            bodyLimit: configuration.maximumBodyBytes, logger: logger, onListening: onListening)
    }

    private func withDescription(_ routes: [Route], _ title: String) -> [Route] {
        let documentation = Route.Documentation(summary: "This description.", tag: "Health")
        let place = routes + [Route(.get, "/openapi.json", documentation) { _ in .empty }]
        let document = OpenAPIDocument(title: title, version: configuration.version, routes: place).encode()
        return routes + [Route(.get, "/openapi.json", documentation) { _ in .json(document) }]
    }
}
