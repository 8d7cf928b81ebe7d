// SPDX-License-Identifier: Apache-2.0

/// The fields of Triton's ModelConfig (`model_config.proto`), as far as its messages are told apart here.
enum TritonSchema {
    static let elementTypes = [
        "TYPE_INVALID", "TYPE_BOOL", "TYPE_UINT8", "TYPE_UINT16", "TYPE_UINT32", "TYPE_UINT64", "TYPE_INT8",
        "TYPE_INT16", "TYPE_INT32", "TYPE_INT64", "TYPE_FP16", "TYPE_FP32", "TYPE_FP64", "TYPE_STRING", "TYPE_BF16",
    ]
    static let instanceKinds = ["KIND_AUTO", "KIND_GPU", "KIND_CPU", "KIND_MODEL"]

    private typealias Field = ConfigSchema.Field
    private static let type = ConfigSchema.Kind.word(elementTypes)

    static let modelConfig = ConfigSchema(
        .one("name", .text), .one("platform", .text), .one("backend", .text), .one("runtime", .text),
        versionPolicy, .one("max_batch_size", .integer), input, output, instanceGroup,
        .one("default_model_filename", .text), .one("cc_model_filenames", .map(.text)),
        .one("metric_tags", .map(.text)),
        .one("parameters", .map(.message(ConfigSchema(.one("string_value", .text))))),
        dynamicBatching, sequenceBatching, ensemble, optimization, warmUp,
        .many("batch_input", .anything), .many("batch_output", .anything), .one("model_operations", .anything),
        .one("model_transaction_policy", .one("decoupled", .flag)), .one("model_repository_agents", .anything),
        .one("response_cache", .one("enable", .flag)), .one("model_metrics", .anything))

    private static let versionPolicy = Field.one(
        "version_policy", .one("latest", .one("num_versions", .integer)), .one("all"),
        .one("specific", .many("versions", .integer)))

    private static let reshape = Field.one("reshape", .many("shape", .integer))

    private static let input = Field.many(
        "input", .one("name", .text), .one("data_type", type),
        .one("format", .word(["FORMAT_NONE", "FORMAT_NHWC", "FORMAT_NCHW"])), .many("dims", .integer), reshape,
        .one("is_shape_tensor", .flag), .one("allow_ragged_batch", .flag), .one("optional", .flag),
        .one("is_non_linear_format_io", .flag))

    private static let output = Field.many(
        "output", .one("name", .text), .one("data_type", type), .many("dims", .integer),
        .one("label_filename", .text), reshape, .one("is_shape_tensor", .flag),
        .one("is_non_linear_format_io", .flag))

    private static let instanceGroup = Field.many(
        "instance_group", .one("name", .text), .one("count", .integer), .many("gpus", .integer),
        .one("kind", .word(instanceKinds)), .many("profile", .text),
        .one(
            "rate_limiter",
            .many("resources", .one("name", .text), .one("global", .flag), .one("count", .integer)),
            .one("priority", .integer)),
        .one("passive", .flag), .many("secondary_devices", .anything), .one("host_policy", .text))

    private static let queuePolicy = ConfigSchema(
        .one("timeout_action", .word(["REJECT", "DELAY"])), .one("default_timeout_microseconds", .integer),
        .one("allow_timeout_override", .flag), .one("max_queue_size", .integer))

    private static let dynamicBatching = Field.one(
        "dynamic_batching", .many("preferred_batch_size", .integer), .one("max_queue_delay_microseconds", .integer),
        .one("preserve_ordering", .flag), .one("priority_levels", .integer), .one("default_priority_level", .integer),
        .one("default_queue_policy", .message(queuePolicy)),
        // Keys are numbers, which nothing here needs.
        .many("priority_queue_policy", .anything))

    private static let sequenceBatching = Field.one(
        "sequence_batching", .one("max_sequence_idle_microseconds", .integer), .many("control_input", .anything),
        .one("direct", .anything), .one("oldest", .anything), .many("state", .anything),
        .one("iterative_sequence", .anything))

    private static let ensemble = Field.one(
        "ensemble_scheduling",
        .many(
            "step", .one("model_name", .text), .one("model_version", .integer), .one("input_map", .map(.text)),
            .one("output_map", .map(.text)), .one("model_namespace", .text)),
        .one("max_inflight_requests", .integer))

    private static let optimization = Field.one(
        "optimization", .one("graph", .one("level", .integer)),
        .one("priority", .word(["PRIORITY_DEFAULT", "PRIORITY_MAX", "PRIORITY_MIN"])),
        .one("cuda", .anything),
        .one("execution_accelerators", .anything), .one("input_pinned_memory", .one("enable", .flag)),
        .one("output_pinned_memory", .one("enable", .flag)), .one("gather_kernel_buffer_threshold", .integer),
        .one("eager_batching", .flag))

    private static let warmUp = Field.many(
        "model_warmup", .one("name", .text), .one("batch_size", .integer), .one("count", .integer),
        .one(
            "inputs",
            .map(
                .message(
                    ConfigSchema(
                        .one("data_type", type), .many("dims", .integer), .one("zero_data", .flag),
                        .one("random_data", .flag), .one("input_data_file", .text))))))
}
