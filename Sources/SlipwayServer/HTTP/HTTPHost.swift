// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SlipwayCore

/// One HTTP/1.1 listener with its routes.
package struct HTTPHost: Service, CustomStringConvertible {
    let name: String
    let address: ListenAddress
    package let table: RouteTable
    let gate: AccessGate
    let callers: CallerBook
    let bodyLimit: Int
    let logger: Logger
    let onListening: @Sendable (Int) async -> Void

    /// Connections that send nothing for this long between requests are closed; ``StallWatch`` judges the others.
    static let idleTimeout = TimeAmount.seconds(120)

    package var description: String { "\(name) on \(address)" }

    package func run() async throws {
        let watch = ConnectionWatch()
        let responder = RouteResponder(table: table, bodyLimit: bodyLimit, gate: gate, watch: watch, callers: callers)
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionWatchHandler(watch), StallHandler(limits: .init())],
                    idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "slipway", backlog: 4096),
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
