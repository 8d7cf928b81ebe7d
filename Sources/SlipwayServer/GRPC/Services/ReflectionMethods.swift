// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayWire
import SwiftProtobuf

/// `grpc.reflection.v1` and `v1alpha`, which differ in their names only: what grpcurl and its like ask for.
struct ReflectionMethods: Sendable {
    let index: DescriptorIndex

    private typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
    private typealias Reply = Grpc_Reflection_V1_ServerReflectionResponse

    static let names = ["v1", "v1alpha"].map { "grpc.reflection.\($0).ServerReflection" }

    func register(in router: inout RPCRouter<GRPCTransport>) {
        for name in Self.names {
            router.streaming(
                name, "ServerReflectionInfo",
                ProtobufDeserializer<Request>(), ProtobufSerializer<Reply>()
            ) { requests, _, writer in
                for try await request in requests { try await writer.write(answer(request)) }
            }
        }
    }

    private func answer(_ request: Request) -> Reply {
        var reply = Reply()
        reply.validHost = request.host
        reply.originalRequest = request
        switch request.messageRequest {
        case .listServices:
            reply.listServicesResponse.service = index.services.map { name in .with { $0.name = name } }
        case .fileByFilename(let name): give(index.files(named: name), to: &reply, "no such file")
        case .fileContainingSymbol(let symbol): give(index.files(declaring: symbol), to: &reply, "no such symbol")
        case .fileContainingExtension, .allExtensionNumbersOfType:
            fail(.notFound, "there are no extensions", &reply)
        case nil: fail(.invalidArgument, "the request asks for nothing", &reply)
        }
        return reply
    }

    private func give(_ files: [[UInt8]], to reply: inout Reply, _ otherwise: String) {
        guard !files.isEmpty else { return fail(.notFound, otherwise, &reply) }
        reply.fileDescriptorResponse.fileDescriptorProto = files.map { .init($0) }
    }

    private func fail(_ code: RPCError.Code, _ message: String, _ reply: inout Reply) {
        reply.errorResponse = .with {
            $0.errorCode = Int32(code.rawValue)
            $0.errorMessage = message
        }
    }
}
