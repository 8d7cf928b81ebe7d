// SPDX-License-Identifier: Apache-2.0

/// Bodies of the plain contract and of the protocols that share its rows: TensorFlow Serving, KServe V1, clouds.
extension SchemaCatalogue {
    static let plain: KeyValuePairs<String, JSONSchema> = [
        "Rows": .list(.anything),
        "DataRequest": .members(["data": .named("Rows")]),
        "InstancesRequest": .members([
            "instances": .named("Rows"), "signature_name?": .string, "parameters?": .map(.anything),
        ]),
        "ColumnsRequest": .members(["inputs": .anything, "signature_name?": .string]),
        "PlainRequest": .anyOf([.named("DataRequest"), .named("InstancesRequest"), .named("ColumnsRequest")]),
        "Predictions": .members(["predictions": .named("Rows")]),
        "Columns": .members(["outputs": .anything]),
        "TensorFlowPredict": .anyOf([
            .named("InstancesRequest"), .named("ColumnsRequest"), .named("DataRequest"),
        ]),
        "TensorFlowExamples": .members([
            "examples": .list(.map(.anything)), "context?": .map(.anything), "signature_name?": .string,
        ]),
        "TensorFlowResults": .members(["results": .list(.anything)]),
        "TensorFlowStatus": .members(["model_version_status": .list(.named("TensorFlowVersion"))]),
        "TensorFlowVersion": .members([
            "version": .pattern("^[0-9]+$"),
            "state": .words(["UNKNOWN", "START", "LOADING", "AVAILABLE", "UNLOADING", "END"]),
            "status": .members(["error_code": .string, "error_message": .string]),
        ]),
        "TensorFlowMetadata": .members([
            "model_spec": .members(["name": .string, "signature_name": .string, "version": .pattern("^[0-9]+$")]),
            "metadata": .members(["signature_def": .anything]),
        ]),
        "ModelListing": .members([
            "models": .list(.string), "object": .words(["list"]), "data": .list(.named("ModelFacts")),
        ]),
        "ModelFacts": .members([
            "id": .string, "object": .words(["model"]), "created": .count, "owned_by": .string,
            "meta?": .map(.count),
        ]),
        "ModelState": .members([
            "model_version_status": .list(.named("TensorFlowVersion")), "name?": .string, "ready?": .boolean,
        ]),
        "ModelNames": .members(["models": .list(.string)]),
        "PlainReply": .anyOf([.named("Rows"), .named("Predictions"), .named("Columns")]),
    ]

    /// Bodies of SageMaker, Vertex AI, Azure ML and TorchServe.
    static let platforms: KeyValuePairs<String, JSONSchema> = [
        "InvocationRequest": .anyOf([
            .named("InferenceRequest"), .named("DataRequest"), .named("InstancesRequest"), .named("ColumnsRequest"),
            .named("Rows"),
        ]),
        "InvocationReply": .anyOf([
            .named("InferenceResponse"), .named("Predictions"), .named("Columns"), .named("Rows"),
        ]),
        "VertexRequest": .members(["instances": .named("Rows"), "parameters?": .map(.anything)]),
        "CloudEvent": .members([
            "specversion": .words(["1.0"]), "id": .string, "source": .string, "type": .string, "time?": .string,
            "datacontenttype?": .string, "data?": .anything, "data_base64?": .string,
        ]),
        "LoadModelRequest": .members(["model_name": .string, "url": .string]),
        "ModelEntry": .members(["modelName": .string, "modelUrl": .string]),
        "ModelPage": .members(["models": .list(.named("ModelEntry")), "nextPageToken?": .string]),
        "TorchServeStatus": .members(["status": .string]),
        "TorchServeError": .members(["code": .integer, "type": .string, "message": .string]),
        "TorchServeModel": .members([
            "modelName": .string, "modelVersion": .string, "modelUrl": .string, "minWorkers": .count,
            "maxWorkers": .count, "batchSize": .count, "maxBatchDelay": .count,
            "workers": .list(
                .members([
                    "id": .string, "startTime": .string, "status": .words(["READY", "UNLOADING"]), "gpu": .boolean,
                    "memoryUsage": .count,
                ])),
            "jobQueueStatus": .members(["pendingRequests": .count]),
        ]),
    ]
}
