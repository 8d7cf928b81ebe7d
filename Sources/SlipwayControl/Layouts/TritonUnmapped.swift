// SPDX-License-Identifier: Apache-2.0

/// Names what a Triton configuration asks for that there is not here.
enum TritonUnmapped {
    typealias Unmapped = TritonModelConfig.Unmapped

    /// What changes what a model answers: without it, serving the model would be wrong.
    static func obstacles(_ node: ConfigNode) -> [Unmapped] {
        var found: [Unmapped] = []
        let add = { (field: String, reason: String) in found.append(Unmapped(field: field, reason: reason)) }
        if node.node("ensemble_scheduling") != nil {
            add("ensemble_scheduling", "models made of other models are not mapped yet")
        }
        if node.node("sequence_batching") != nil {
            add("sequence_batching", "models that remember a sequence of requests are not mapped yet")
        }
        if node.node("model_transaction_policy")?.flag("decoupled") == true {
            add("model_transaction_policy.decoupled", "several answers to one request are not mapped yet")
        }
        for field in ["platform", "backend"] {
            guard let name = node.text(field), !["", "onnxruntime", "onnxruntime_onnx"].contains(name) else { continue }
            // An ensemble says so twice.
            if name == "ensemble", node.node("ensemble_scheduling") != nil { continue }
            add(field, "'\(name.prefix(64))' is not mapped yet: ONNX models are (onnxruntime_onnx)")
        }
        if node.says("runtime") { add("runtime", "another backend library is not mapped yet") }
        for field in ["batch_input", "batch_output"] where node.values[field] != nil {
            add(field, "custom batching is not mapped yet")
        }
        let operations = ["model_operations", "model_repository_agents"]
        for field in operations where node.values[field] != nil {
            add(field, "libraries that a server loads for a model are not mapped yet")
        }
        for kind in ["input", "output"] {
            for tensor in node.nodes(kind) {
                let name = "\(kind) '\(tensor.text("name") ?? "?")'"
                if let reshape = tensor.node("reshape"), reshape.integers("shape") != tensor.integers("dims") {
                    add("reshape of \(name)", "another shape than the model's own is not mapped yet")
                }
                if tensor.flag("allow_ragged_batch") == true {
                    add("allow_ragged_batch of \(name)", "ragged batches are not mapped yet")
                }
                if tensor.flag("is_shape_tensor") == true || tensor.flag("is_non_linear_format_io") == true {
                    add("is_shape_tensor of \(name)", "TensorRT's tensors are not mapped yet")
                }
            }
        }
        return found
    }

    /// What concerns how a model is run, not what it answers.
    static func ignored(_ node: ConfigNode) -> [Unmapped] {
        instanceNotes(node.nodes("instance_group")) + batchingNotes(node.node("dynamic_batching"))
            + otherNotes(node)
    }

    private static func instanceNotes(_ groups: [ConfigNode]) -> [Unmapped] {
        var found: [Unmapped] = []
        let add = { (field: String, reason: String) in
            found.append(Unmapped(field: "instance_group." + field, reason: reason))
        }
        if groups.contains(where: { $0.text("kind") == "KIND_GPU" }) {
            add("kind", "KIND_GPU is not mapped yet: it runs on the CPU unless the endpoint says 'device: cuda'")
        }
        if groups.contains(where: { $0.node("rate_limiter") != nil }) {
            add("rate_limiter", "not mapped yet: the core budget shares out the cores")
        }
        for field in ["gpus", "profile", "secondary_devices"] where groups.contains(where: { $0.values[field] != nil })
        {
            add(field, "not mapped yet")
        }
        for field in ["host_policy", "passive"] where groups.contains(where: { $0.says(field) }) {
            add(field, "not mapped yet")
        }
        return found
    }

    private static func batchingNotes(_ batching: ConfigNode?) -> [Unmapped] {
        guard let batching else { return [] }
        var found: [Unmapped] = []
        let add = { (field: String, reason: String) in
            found.append(Unmapped(field: "dynamic_batching." + field, reason: reason))
        }
        for field in ["priority_levels", "default_priority_level", "priority_queue_policy"] where batching.says(field) {
            add(field, "there is one queue here, in which a request's own priority counts")
        }
        if batching.flag("preserve_ordering") == true {
            add("preserve_ordering", "answers are sent when they are ready")
        }
        if batching.node("default_queue_policy")?.flag("allow_timeout_override") == true {
            add("default_queue_policy.allow_timeout_override", "a request's own timeout always counts here")
        }
        return found
    }

    private static func otherNotes(_ node: ConfigNode) -> [Unmapped] {
        var found: [Unmapped] = []
        let reasons = [
            ("cc_model_filenames", "one file serves every device here"),
            ("metric_tags", "metrics carry the endpoint and the version"),
            ("model_metrics", "the metrics of all endpoints are the same"),
            ("parameters", "settings of a backend are not passed on"),
        ]
        for (field, reason) in reasons where node.says(field) {
            found.append(Unmapped(field: field, reason: reason))
        }
        let optimization = node.node("optimization")
        for field in ["graph", "cuda", "execution_accelerators", "gather_kernel_buffer_threshold"]
        where optimization?.says(field) == true {
            found.append(Unmapped(field: "optimization.\(field)", reason: "engines choose for themselves here"))
        }
        if let priority = optimization?.text("priority"), priority != "PRIORITY_DEFAULT" {
            found.append(Unmapped(field: "optimization.priority", reason: "all lanes have the same priority"))
        }
        if optimization?.flag("eager_batching") == true {
            found.append(Unmapped(field: "optimization.eager_batching", reason: "batches are made late here"))
        }
        for input in node.nodes("input") where !["FORMAT_NONE", nil].contains(input.text("format")) {
            let name = input.text("name") ?? "?"
            found.append(Unmapped(field: "format of input '\(name)'", reason: "tensors are taken as they are"))
        }
        return found
    }
}
