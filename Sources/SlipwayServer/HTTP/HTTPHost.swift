// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SlipwayCore

/// One listener for HTTP/1 and HTTP/2 with its routes.
package struct HTTPHost: Service, CustomStringConvertible {
    let name: String
    let address: ListenAddress
    package let table: RouteTable
    package let gate: AccessGate
    let callers: CallerBook
    let bodyLimit: Int
    let logger: Logger
    let onListening: @Sendable (Int) async -> Void
    /// Web pages that may call; `nil` for none.
    var cors: CORSPolicy?
    /// Connections held at once; `nil` for what the limit of open files allows.
    var maximumConnections: Int?
    var stallLimits = StallWatch.Limits()
    /// Whether clients are to go elsewhere: answers over HTTP/1 then close their connections.
    var isDraining: (@Sendable () -> Bool)?

    /// Connections that send nothing for this long between requests are closed; ``StallWatch`` judges the others.
    static let idleTimeout: Duration = .seconds(120)

    package var description: String { "\(name) on \(address)" }

    package func run() async throws {
        let watch = ConnectionWatch()
        let responder = RouteResponder(
            table: table, bodyLimit: bodyLimit, gate: gate, watch: watch, callers: callers, cors: cors)
        let limit = ConnectionLimit(maximum: maximumConnections ?? ConnectionLimit.automatic(), logger: logger)
        let application = Application(
            responder: responder,
            server: HTTPServerBuilder { [stallLimits, isDraining] respond in
                HTTPConnection(
                    responder: respond, watch: watch, stallLimits: stallLimits, idleTimeout: Self.idleTimeout,
                    isDraining: isDraining)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "slipway", backlog: 4096,
                availableConnectionsDelegate: limit),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? address.port) },
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError(
                .addressInUse,
                "\(address) (\(name)) is in use by another process: stop it or choose another address with --\(name)")
        } catch let error as IOError {
            throw ServerError(.cannotListen, "cannot listen on \(address) (\(name))", cause: error)
        }
    }
}
