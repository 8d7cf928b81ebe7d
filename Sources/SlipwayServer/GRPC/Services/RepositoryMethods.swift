// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SlipwayWire
import SwiftProtobuf

/// Repository control over gRPC, in both dialects: Triton sends the model's name as field 2, KServe's SDK as field 1.
struct RepositoryMethods: Sendable {
    let control: RepositoryControl

    /// Both services have the same methods and messages.
    private static let names = [ServerMethods.name, "inference.model_repository.ModelRepositoryService"]

    func register(in router: inout RPCRouter<GRPCTransport>) {
        for name in Self.names {
            router.unary(name, "RepositoryIndex", index)
            router.unary(name, "RepositoryModelLoad", load)
            router.unary(name, "RepositoryModelUnload", unload)
        }
    }

    @Sendable private func index(
        _ request: Inference_RepositoryIndexRequest, _ context: GRPCRequestContext
    ) async throws -> Inference_RepositoryIndexResponse {
        let entries = try await control.index(onlyReady: request.ready)
        return .with { $0.models = entries.map { .init($0) } }
    }

    @Sendable private func load(
        _ request: Inference_RepositoryModelLoadRequest, _ context: GRPCRequestContext
    ) async throws -> Inference_RepositoryModelLoadResponse {
        let model = request.modelName.isEmpty ? request.repositoryName : request.modelName
        try await control.load(model, try Self.parameters(request.parameters), context.cancellation)
        return .with {
            $0.modelName = model
            $0.isLoaded = true
        }
    }

    @Sendable private func unload(
        _ request: Inference_RepositoryModelUnloadRequest, _ context: GRPCRequestContext
    ) async throws -> Inference_RepositoryModelUnloadResponse {
        let model = request.modelName.isEmpty ? request.repositoryName : request.modelName
        try await control.unload(model)
        return .with {
            $0.modelName = model
            $0.isUnloaded = true
        }
    }

    private static func parameters(
        _ given: [String: Inference_ModelRepositoryParameter]
    ) throws(ServerError) -> [String: ParameterValue] {
        var parameters: [String: ParameterValue] = [:]
        for (name, parameter) in given {
            switch parameter.parameterChoice {
            case .boolParam(let flag): parameters[name] = .bool(flag)
            case .int64Param(let number): parameters[name] = .int(number)
            case .stringParam(let text): parameters[name] = .string(text)
            case .bytesParam, nil:
                throw ServerError(
                    .badParameter, "loading with files is not supported: import the model instead")
            }
        }
        return parameters
    }
}
