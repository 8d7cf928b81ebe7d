// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
import NIOPosix
import ServiceLifecycle
import SlipwayCore

/// The gRPC listener: one port for every service.
package struct GRPCHost: Service, CustomStringConvertible {
    let address: ListenAddress
    let transport: GRPCTransport
    let router: RPCRouter<GRPCTransport>

    package var description: String { "grpc on \(address)" }

    package func run() async throws {
        let server = GRPCServer(transport: transport, router: router)
        do {
            try await withGracefulShutdownHandler {
                try await server.serve()
            } onGracefulShutdown: {
                server.beginGracefulShutdown()
            }
        } catch let error as RuntimeError {
            throw cannotListen(error)
        }
    }

    private func cannotListen(_ error: RuntimeError) -> any Error {
        guard let cause = error.cause as? IOError else { return error }
        if cause.errnoCode == EADDRINUSE {
            return ServerError(
                .addressInUse,
                "\(address) (grpc) is in use by another process: stop it or choose another address with --grpc")
        }
        return ServerError(.cannotListen, "cannot listen on \(address) (grpc)", cause: cause)
    }
}
