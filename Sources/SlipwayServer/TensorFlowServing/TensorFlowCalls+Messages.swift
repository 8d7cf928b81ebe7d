// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayServing
package import SlipwayWire
import SwiftProtobuf

/// The methods of `tensorflow.serving.PredictionService` and `ModelService`, from message to message.
extension TensorFlowCalls {
    /// `Predict`, from bytes to pieces of bytes: the hot one.
    ///
    /// - Parameter withBytes: Calls its argument with the bytes of a `PredictRequest` and with what keeps them, where
    ///   there is such an object, as `GRPCMessage.withBytes` does.
    package func predict(
        receivedAt: ContinuousClock.Instant, prepare: Preparation,
        withBytes: ((UnsafeRawBufferPointer, AnyObject?) throws -> TensorFlowPredictMessage) throws
            -> TensorFlowPredictMessage
    ) async throws -> Answer<[WireSegment]> {
        let message = try withBytes { bytes, owner in
            try TensorFlowPredictMessage.decode(bytes, keptBy: owner, receivedAt: receivedAt)
        }
        var request = message.inference
        request.version = try await number(message.target)
        try prepare(&request)
        let (response, segments) = try await service.infer(request) { response, _ in
            TensorFlowPredictMessage.encode(response)
        }
        return Answer(value: segments, response: response)
    }

    package func classify(
        _ message: Tensorflow_Serving_ClassificationRequest, receivedAt: ContinuousClock.Instant,
        prepare: Preparation
    ) async throws -> Tensorflow_Serving_ClassificationResponse {
        let answer = try await classify(
            try TensorFlowTarget(message.modelSpec), try ExampleList(message.input), receivedAt: receivedAt,
            prepare: prepare)
        return .with {
            $0.result = Tensorflow_Serving_ClassificationResult(answer.value)
            $0.modelSpec = answer.modelSpec
        }
    }

    package func regress(
        _ message: Tensorflow_Serving_RegressionRequest, receivedAt: ContinuousClock.Instant, prepare: Preparation
    ) async throws -> Tensorflow_Serving_RegressionResponse {
        let answer = try await regress(
            try TensorFlowTarget(message.modelSpec), try ExampleList(message.input), receivedAt: receivedAt,
            prepare: prepare)
        return .with {
            $0.result = Tensorflow_Serving_RegressionResult(answer.value)
            $0.modelSpec = answer.modelSpec
        }
    }

    /// Several answers from one inference.
    package func multiInference(
        _ message: Tensorflow_Serving_MultiInferenceRequest, receivedAt: ContinuousClock.Instant,
        prepare: Preparation
    ) async throws -> Tensorflow_Serving_MultiInferenceResponse {
        let request = try TensorFlowMultiRequest(message)
        let rows = request.examples.examples.count
        let answer = try await infer(request.target, request.examples, receivedAt: receivedAt, prepare: prepare) {
            response, version in
            try request.tasks.map { task -> Tensorflow_Serving_InferenceResult.OneOf_Result in
                switch task {
                case .classify:
                    let classes = try ExampleResults.classes(
                        response.outputs, rows: rows, labels: version.resolved.labels)
                    return .classificationResult(Tensorflow_Serving_ClassificationResult(classes))
                case .regress:
                    let values = try ExampleResults.values(response.outputs, rows: rows)
                    return .regressionResult(Tensorflow_Serving_RegressionResult(values))
                }
            }
        }
        return .with {
            $0.results = answer.value.map { result in
                .with {
                    $0.modelSpec = answer.modelSpec
                    $0.result = result
                }
            }
        }
    }

    package func metadata(
        _ message: Tensorflow_Serving_GetModelMetadataRequest, receivedAt: ContinuousClock.Instant,
        prepare: Preparation
    ) async throws -> Tensorflow_Serving_GetModelMetadataResponse {
        let metadata = try await metadata(try message.target(), receivedAt: receivedAt, prepare: prepare)
        return try Tensorflow_Serving_GetModelMetadataResponse(metadata)
    }

    package func status(
        _ message: Tensorflow_Serving_GetModelStatusRequest
    ) async throws -> Tensorflow_Serving_GetModelStatusResponse {
        Tensorflow_Serving_GetModelStatusResponse(try await statuses(try TensorFlowTarget(message.modelSpec)))
    }
}

extension TensorFlowCalls.Answer {
    fileprivate var modelSpec: Tensorflow_Serving_ModelSpec {
        Tensorflow_Serving_ModelSpec(endpoint: response.endpoint, version: response.version)
    }
}
