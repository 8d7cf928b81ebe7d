// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SlipwayServing
import SlipwayWire
import SwiftProtobuf

/// Trace and log settings over gRPC; reading is open, changing them is control. There is no shared memory.
struct SettingsMethods: Sendable {
    let settings: ServerSettings

    func register(in router: inout RPCRouter<GRPCTransport>) {
        router.unary(ServerMethods.name, "TraceSetting", trace)
        router.unary(ServerMethods.name, "LogSettings", log)
        // There are no regions: clients that forget theirs before they begin have nothing to forget.
        router.unary(ServerMethods.name, "SystemSharedMemoryStatus") {
            (_: Inference_SystemSharedMemoryStatusRequest, _) in
            Inference_SystemSharedMemoryStatusResponse()
        }
        router.unary(ServerMethods.name, "CudaSharedMemoryStatus") { (_: Inference_CudaSharedMemoryStatusRequest, _) in
            Inference_CudaSharedMemoryStatusResponse()
        }
        router.unary(ServerMethods.name, "SystemSharedMemoryUnregister") {
            (_: Inference_SystemSharedMemoryUnregisterRequest, _) in Inference_SystemSharedMemoryUnregisterResponse()
        }
        router.unary(ServerMethods.name, "CudaSharedMemoryUnregister") {
            (_: Inference_CudaSharedMemoryUnregisterRequest, _) in Inference_CudaSharedMemoryUnregisterResponse()
        }
        router.unary(ServerMethods.name, "SystemSharedMemoryRegister") {
            (_: Inference_SystemSharedMemoryRegisterRequest, _) -> Inference_SystemSharedMemoryRegisterResponse in
            throw ServerError.noSharedMemory
        }
        router.unary(ServerMethods.name, "CudaSharedMemoryRegister") {
            (_: Inference_CudaSharedMemoryRegisterRequest, _) -> Inference_CudaSharedMemoryRegisterResponse in
            throw ServerError.noSharedMemory
        }
    }

    @Sendable private func trace(
        _ request: Inference_TraceSettingRequest, _ context: GRPCRequestContext
    ) throws -> Inference_TraceSettingResponse {
        let model = request.modelName.isEmpty ? nil : request.modelName
        if !request.settings.isEmpty {
            let changes = request.settings.mapValues { $0.value.isEmpty ? nil : $0.value }
            try settings.changeTrace(changes, of: model)
        }
        let all = try settings.traceSettings(of: model)
        return .with { reply in
            for (name, values) in all { reply.settings[name] = .with { $0.value = values } }
        }
    }

    @Sendable private func log(
        _ request: Inference_LogSettingsRequest, _ context: GRPCRequestContext
    ) throws -> Inference_LogSettingsResponse {
        if !request.settings.isEmpty {
            try settings.changeLog(
                request.settings.compactMapValues { value -> ParameterValue? in
                    switch value.parameterChoice {
                    case .boolParam(let flag): .bool(flag)
                    case .uint32Param(let number): .int(Int64(number))
                    case .stringParam(let text): .string(text)
                    case nil: nil
                    }
                })
        }
        return .with { reply in
            for (name, value) in settings.log.settings() {
                reply.settings[name] = .with {
                    switch value {
                    case .bool(let flag): $0.boolParam = flag
                    case .int(let number): $0.uint32Param = UInt32(clamping: number)
                    case .double(let number): $0.stringParam = String(number)
                    case .string(let text): $0.stringParam = text
                    }
                }
            }
        }
    }
}
