// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOHPACK
import SlipwayCore
import SlipwayWire
import SwiftProtobuf

/// `tensorflow.serving.PredictionService`, and `ModelService`.
struct TensorFlowMethods: Sendable {
    let calls: TensorFlowCalls
    let control: RepositoryControl
    let callers: CallerBook
    let trace: TraceSettings

    private static let prediction = "tensorflow.serving.PredictionService"
    private static let model = "tensorflow.serving.ModelService"

    /// Predict, which grpc-swift-2 does not see.
    var direct: [GRPCDirectMethod] { [GRPCDirectMethod("/\(Self.prediction)/Predict", predict)] }

    func register(in router: inout RPCRouter<GRPCTransport>) {
        router.unary(Self.prediction, "Classify") {
            (message: Tensorflow_Serving_ClassificationRequest, context) in
            try await calls.classify(message, receivedAt: context.receivedAt, prepare: await prepare(context))
        }
        router.unary(Self.prediction, "Regress") { (message: Tensorflow_Serving_RegressionRequest, context) in
            try await calls.regress(message, receivedAt: context.receivedAt, prepare: await prepare(context))
        }
        router.unary(Self.prediction, "MultiInference") {
            (message: Tensorflow_Serving_MultiInferenceRequest, context) in
            try await calls.multiInference(message, receivedAt: context.receivedAt, prepare: await prepare(context))
        }
        router.unary(Self.prediction, "GetModelMetadata") {
            (message: Tensorflow_Serving_GetModelMetadataRequest, context) in
            try await calls.metadata(message, receivedAt: context.receivedAt, prepare: await prepare(context))
        }
        router.unary(Self.model, "GetModelStatus") { (message: Tensorflow_Serving_GetModelStatusRequest, _) in
            try await calls.status(message)
        }
        router.unary(Self.model, "HandleReloadConfigRequest", reload)
    }

    @Sendable private func reload(
        _ message: Tensorflow_Serving_ReloadConfigRequest, _ context: GRPCRequestContext
    ) async throws -> Tensorflow_Serving_ReloadConfigResponse {
        let failures = try await control.reload(try TensorFlowServerConfiguration(message.config))
        return .with {
            $0.status = Tensorflow_Serving_StatusProto(
                failure: failures.isEmpty ? nil : failures.joined(separator: "; "))
        }
    }

    private func prepare(_ context: GRPCRequestContext) async -> TensorFlowCalls.Preparation {
        let wishes = await callers.wishes(of: context)
        return { request in RequestControls.apply(wishes, to: &request) }
    }

    @Sendable private func predict(_ call: GRPCCall, _ message: GRPCMessage) async throws -> GRPCReply {
        let wishes = await callers.wishes(of: call)
        let answer = try await calls.predict(receivedAt: call.receivedAt) { request in
            RequestControls.apply(wishes, to: &request)
        } withBytes: { decode in
            try message.withBytes { bytes, owner in try decode(bytes, owner) }
        }
        trace.record(call.requestID, receivedAt: call.receivedAt, answer.response)
        return GRPCReply(segments: answer.value, timings: answer.response.timings)
    }
}
