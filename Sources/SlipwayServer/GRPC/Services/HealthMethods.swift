// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SlipwayServing
import SlipwayWire
import SwiftProtobuf

/// `grpc.health.v1.Health`: of the server as a whole, of its services, and of each endpoint by its name.
struct HealthMethods: Sendable {
    let service: InferenceService
    /// Services that are ready when the server is.
    let services: [String]

    private typealias Status = Grpc_Health_V1_HealthCheckResponse.ServingStatus
    static let name = "grpc.health.v1.Health"
    /// Between two looks of a watch.
    private static let interval: Duration = .milliseconds(200)

    func register(in router: inout RPCRouter<GRPCTransport>) {
        router.unary(Self.name, "Check") {
            (request: Grpc_Health_V1_HealthCheckRequest, _) -> Grpc_Health_V1_HealthCheckResponse in
            guard let status = status(of: request.service) else {
                throw RPCError(code: .notFound, message: "unknown service or endpoint")
            }
            return .with { $0.status = status }
        }
        router.unary(Self.name, "List") {
            (_: Grpc_Health_V1_HealthListRequest, _) -> Grpc_Health_V1_HealthListResponse in
            var reply = Grpc_Health_V1_HealthListResponse()
            for name in [""] + services + service.statuses().map(\.endpoint) {
                reply.statuses[name] = .with { $0.status = status(of: name) ?? .serviceUnknown }
            }
            return reply
        }
        router.streaming(
            Self.name, "Watch", ProtobufDeserializer<Grpc_Health_V1_HealthCheckRequest>(),
            ProtobufSerializer<Grpc_Health_V1_HealthCheckResponse>()
        ) { requests, context, writer in
            for try await request in requests {
                return try await watch(request.service, context, writer)
            }
        }
    }

    private func watch(
        _ name: String, _ context: GRPCRequestContext, _ writer: RPCWriter<Grpc_Health_V1_HealthCheckResponse>
    ) async throws {
        var last: Status?
        while !context.cancellation.isCancelled {
            // Looked at first: who watches is told that nothing is served any more before the stream ends.
            let isDraining = service.isDraining
            let now = status(of: name) ?? .serviceUnknown
            if now != last {
                try await writer.write(.with { $0.status = now })
                last = now
            }
            if isDraining {
                throw RPCError(code: .unavailable, message: "the server ends: connect to another one")
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// `nil` for a name that stands for nothing.
    private func status(of name: String) -> Status? {
        if name.isEmpty || services.contains(name) { return service.isReady ? .serving : .notServing }
        guard let endpoint = try? service.endpoint(name) else { return nil }
        return !endpoint.readyVersions.isEmpty || endpoint.status().isCold ? .serving : .notServing
    }
}
