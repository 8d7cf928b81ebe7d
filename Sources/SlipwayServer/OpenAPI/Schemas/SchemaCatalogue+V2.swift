// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Bodies of the Open Inference Protocol V2 and of Triton's extensions to it.
extension SchemaCatalogue {
    private static let datatype = JSONSchema.words(ElementType.allCases.map(\.rawValue))
    private static let parameters = JSONSchema.map(.anyOf([.string, .number, .boolean]))
    private static let shape = JSONSchema.list(.integer)

    static let v2: KeyValuePairs<String, JSONSchema> = [
        "InferenceRequest": .members([
            "id?": .string, "parameters?": parameters, "inputs": .list(.named("InferenceInput")),
            "outputs?": .list(.named("RequestedOutput")),
        ]),
        "InferenceInput": .members([
            "name": .string, "shape": .list(.count), "datatype": datatype, "parameters?": parameters,
            "data?": .list(.anything),
        ]),
        "RequestedOutput": .members(["name": .string, "parameters?": parameters]),
        "InferenceResponse": .members([
            "id?": .string, "model_name": .string, "model_version": .string, "parameters?": parameters,
            "outputs": .list(
                .members([
                    "name": .string, "datatype": datatype, "shape": .list(.count), "parameters?": parameters,
                    "data?": .list(.anything),
                ])),
        ]),
        "ServerMetadata": .members(["name": .string, "version": .string, "extensions": .list(.string)]),
        "Live": .members(["live": .boolean]),
        "Ready": .members(["ready": .boolean]),
        "ModelReady": .members(["name": .string, "ready": .boolean]),
        "TensorMetadata": .members(["name": .string, "datatype": datatype, "shape": shape]),
        "ModelMetadata": .members([
            "name": .string, "versions": .list(.string), "platform": .string,
            "inputs": .list(.named("TensorMetadata")), "outputs": .list(.named("TensorMetadata")),
        ]),
        "ModelConfiguration": .members([
            "name": .string, "platform": .string, "backend": .string, "max_batch_size": .count,
            "input": .list(.named("TensorConfiguration")), "output": .list(.named("TensorConfiguration")),
            "instance_group?": .list(.anything), "version_policy?": .anything,
        ]),
        "TensorConfiguration": .members(["name": .string, "data_type": .pattern("^TYPE_"), "dims": shape]),
        "StatisticDuration": .members(["count": .count, "ns": .count]),
        "ModelStatisticsList": .members([
            "model_stats": .list(
                .members([
                    "name": .string, "version": .string, "last_inference": .count, "inference_count": .count,
                    "execution_count": .count, "inference_stats": .map(.named("StatisticDuration")),
                    "response_stats?": .map(.anything),
                    "batch_stats": .list(
                        .members([
                            "batch_size": .count, "compute_input": .named("StatisticDuration"),
                            "compute_infer": .named("StatisticDuration"),
                            "compute_output": .named("StatisticDuration"),
                        ])),
                    "memory_usage?": .list(.members(["type": .string, "id": .integer, "byte_size": .count])),
                ]))
        ]),
    ]

    /// Bodies of repository, trace and log control.
    static let control: KeyValuePairs<String, JSONSchema> = [
        "RepositoryRequest": .members(["ready?": .boolean, "parameters?": parameters]),
        "RepositoryIndex": .list(
            .members([
                "name": .string, "version?": .string,
                "state": .words(["UNKNOWN", "READY", "UNAVAILABLE", "LOADING", "UNLOADING"]), "reason?": .string,
            ])),
        "Settings": .map(.anyOf([.string, .integer, .boolean, .null, .list(.string)])),
        "TraceSettings": .map(.anyOf([.string, .list(.string)])),
        "LogSettings": .map(.anyOf([.string, .integer, .boolean])),
    ]
}
