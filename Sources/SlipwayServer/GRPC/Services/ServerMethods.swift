// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SlipwayServing
import SlipwayWire
import SwiftProtobuf

/// `inference.GRPCInferenceService` but for inference: health, metadata, configuration, statistics.
struct ServerMethods: Sendable {
    static let name = "inference.GRPCInferenceService"

    let facts: ModelFacts
    let version: String

    func register(in router: inout RPCRouter<GRPCTransport>) {
        router.unary(Self.name, "ServerLive") { (_: Inference_ServerLiveRequest, _) in
            Inference_ServerLiveResponse.with { $0.live = true }
        }
        router.unary(Self.name, "ServerReady") { (_: Inference_ServerReadyRequest, _) in
            Inference_ServerReadyResponse.with { $0.ready = facts.service.isReady }
        }
        router.unary(Self.name, "ModelReady", modelReady)
        router.unary(Self.name, "ServerMetadata") { (_: Inference_ServerMetadataRequest, _) in
            let metadata = V2ServerMetadata(version: version)
            return Inference_ServerMetadataResponse.with {
                $0.name = metadata.name
                $0.version = metadata.version
                $0.extensions = metadata.extensions
            }
        }
        router.unary(Self.name, "ModelMetadata", modelMetadata)
        router.unary(Self.name, "ModelConfig", modelConfiguration)
        router.unary(Self.name, "ModelStatistics", modelStatistics)
    }

    @Sendable private func modelReady(
        _ request: Inference_ModelReadyRequest, _ context: GRPCRequestContext
    ) throws -> Inference_ModelReadyResponse {
        do {
            try facts.checkReady(request.name, version: try versionNumber(request.version))
            return .with { $0.ready = true }
        } catch let error as ServingError where Self.isAbsence(error.code) {
            // As Triton: a model that is not there is one that is not ready.
            return .with { $0.ready = false }
        }
    }

    private static func isAbsence(_ code: ServingError.Code) -> Bool {
        code == .notReady || code == .unknownEndpoint || code == .unknownVersion
    }

    @Sendable private func modelMetadata(
        _ request: Inference_ModelMetadataRequest, _ context: GRPCRequestContext
    ) async throws -> Inference_ModelMetadataResponse {
        let metadata = try await facts.metadata(
            request.name, version: try versionNumber(request.version), context.patience)
        return Inference_ModelMetadataResponse(metadata)
    }

    @Sendable private func modelConfiguration(
        _ request: Inference_ModelConfigRequest, _ context: GRPCRequestContext
    ) async throws -> Inference_ModelConfigResponse {
        let configuration = try await facts.configuration(
            request.name, version: try versionNumber(request.version), context.patience)
        return .with { $0.config = Inference_ModelConfig(configuration) }
    }

    @Sendable private func modelStatistics(
        _ request: Inference_ModelStatisticsRequest, _ context: GRPCRequestContext
    ) throws -> Inference_ModelStatisticsResponse {
        let statistics =
            request.name.isEmpty
            ? facts.statistics() : try facts.statistics(request.name, version: try versionNumber(request.version))
        return .with { $0.modelStats = statistics.map { Inference_ModelStatistics($0) } }
    }
}

extension GRPCRequestContext {
    var patience: ModelFacts.Patience { .init(deadline: deadline, cancellation: cancellation) }
}
