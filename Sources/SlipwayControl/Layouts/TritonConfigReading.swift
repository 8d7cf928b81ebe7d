// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Makes the typed configuration of a message that follows Triton's schema.
enum TritonConfigReading {
    private static let mostRows = 1_000_000
    private static let mostMicroseconds = 31 * 86_400 * 1_000_000
    private static let mostInstances = 1024
    /// Inputs and outputs, each.
    private static let maximumTensors = 4096

    static func read(_ node: ConfigNode, _ problems: inout FileProblems) -> TritonModelConfig {
        var config = TritonModelConfig()
        config.name = node.text("name").flatMap { $0.isEmpty ? nil : $0 }
        config.versionPolicy = node.node("version_policy").flatMap {
            VersionPolicy.read($0, named: "version_policy", &problems)
        }
        config.maximumBatchSize = count(node, "max_batch_size", 0...mostRows, &problems)
        config.modelFile = fileName(node, "default_model_filename", &problems)
        config.inputs = tensors(node.nodes("input"), &problems)
        config.outputs = tensors(node.nodes("output"), &problems)
        config.cachesAnswers = node.node("response_cache").map { $0.flag("enable") ?? false }
        readScheduling(node, into: &config, &problems)
        readInstances(node.nodes("instance_group"), into: &config, &problems)
        readWarmUp(node.nodes("model_warmup"), into: &config)
        config.obstacles += TritonUnmapped.obstacles(node)
        config.ignored += TritonUnmapped.ignored(node)
        return config
    }

    private static func count(
        _ node: ConfigNode, _ name: String, _ range: ClosedRange<Int>, _ problems: inout FileProblems
    ) -> Int? {
        guard let value = node.integer(name) else { return nil }
        guard range.contains(value) else {
            problems.add(
                node.line(of: name), "'\(name)' is \(value), expected \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    /// The name of a file beside the configuration or in a version's folder.
    private static func fileName(_ node: ConfigNode, _ field: String, _ problems: inout FileProblems) -> String? {
        guard let name = node.text(field), !name.isEmpty else { return nil }
        guard !name.contains("/"), !name.utf8.contains(0), name != ".", name != "..", name.utf8.count <= 255 else {
            problems.add(node.line(of: field), "'\(field)' is not the name of a file in the model's folder")
            return nil
        }
        return name
    }

    // MARK: Inputs and outputs

    private static func tensors(
        _ nodes: [ConfigNode], _ problems: inout FileProblems
    ) -> [TritonModelConfig.TensorEntry] {
        guard nodes.count <= maximumTensors else {
            problems.add(
                nodes[0].line, "there are \(nodes.count) inputs or outputs, expected \(maximumTensors) at most")
            return []
        }
        var entries: [TritonModelConfig.TensorEntry] = []
        for node in nodes {
            guard let name = node.text("name"), !name.isEmpty else {
                problems.add(node.line, "an input or output has no 'name'")
                continue
            }
            guard !entries.contains(where: { $0.name == name }) else {
                problems.add(node.line, "'\(name)' is described twice")
                continue
            }
            let dims = node.integers("dims")
            guard dims.count <= 64, dims.allSatisfy({ $0 >= -1 }) else {
                problems.add(node.line(of: "dims"), "'dims' of '\(name)' takes up to 64 numbers from -1 on")
                continue
            }
            entries.append(
                TritonModelConfig.TensorEntry(
                    name: name, elementType: node.text("data_type").flatMap(elementType), dims: dims,
                    labelFile: fileName(node, "label_filename", &problems)))
        }
        return entries
    }

    /// `nil` for TYPE_INVALID, which stands for nothing said.
    private static func elementType(_ word: String) -> ElementType? {
        word == "TYPE_STRING" ? .bytes : ElementType(rawValue: String(word.dropFirst("TYPE_".count)))
    }

    // MARK: Scheduling

    private static func readScheduling(
        _ node: ConfigNode, into config: inout TritonModelConfig, _ problems: inout FileProblems
    ) {
        let given = ["dynamic_batching", "sequence_batching", "ensemble_scheduling"].filter { node.node($0) != nil }
        if given.count > 1 {
            problems.add(node.line(of: given[1]), "\(given.joined(separator: " and ")) exclude one another")
        }
        guard let dynamic = node.node("dynamic_batching") else { return }
        var batching = TritonModelConfig.DynamicBatching()
        batching.preferredRows = Set(dynamic.integers("preferred_batch_size")).sorted()
        let most = config.maximumBatchSize ?? mostRows
        if batching.preferredRows.count > EndpointCheck.maximumEntries
            || batching.preferredRows.contains(where: { !(1...max(1, most)).contains($0) })
        {
            problems.add(
                dynamic.line(of: "preferred_batch_size"),
                "'preferred_batch_size' is \(batching.preferredRows.prefix(20)), expected "
                    + "\(EndpointCheck.maximumEntries) sizes at most, from 1 to max_batch_size (\(most))")
        }
        batching.maximumDelayMicroseconds =
            count(dynamic, "max_queue_delay_microseconds", 0...mostMicroseconds, &problems) ?? 0
        if let policy = dynamic.node("default_queue_policy") {
            let queue = count(policy, "max_queue_size", 0...1_000_000_000, &problems) ?? 0
            batching.maximumQueue = queue > 0 ? queue : nil
            let timeout = count(policy, "default_timeout_microseconds", 0...mostMicroseconds, &problems) ?? 0
            if timeout > 0 {
                if policy.text("timeout_action") == "DELAY" {
                    config.ignored.append(
                        TritonModelConfig.Unmapped(
                            field: "dynamic_batching.default_queue_policy.timeout_action",
                            reason: "requests that are late are refused here, never put off: the timeout is not kept"))
                } else {
                    batching.timeoutMicroseconds = timeout
                }
            }
        }
        config.batching = batching
    }

    private static func readInstances(
        _ groups: [ConfigNode], into config: inout TritonModelConfig, _ problems: inout FileProblems
    ) {
        let counted = groups.filter { $0.text("kind") != "KIND_GPU" && $0.flag("passive") != true }
        var total = 0
        for group in counted {
            total += count(group, "count", 0...mostInstances, &problems) ?? 0
            guard total <= mostInstances else {
                return problems.add(
                    group.line, "'instance_group' has more than \(mostInstances) instances together")
            }
        }
        config.instanceCount = total > 0 ? total : nil
    }

    private static func readWarmUp(_ nodes: [ConfigNode], into config: inout TritonModelConfig) {
        guard !nodes.isEmpty else { return }
        let inputs = nodes.flatMap { $0.map("inputs").values }.compactMap { value -> ConfigNode? in
            if case .node(let node) = value { node } else { nil }
        }
        config.warmUp = !inputs.isEmpty && inputs.allSatisfy { $0.flag("random_data") == true } ? .random : .zeros
        if inputs.contains(where: { $0.says("input_data_file") }) {
            config.ignored.append(
                TritonModelConfig.Unmapped(
                    field: "model_warmup.inputs.input_data_file",
                    reason: "versions are warmed up with zeros, random or recorded inputs, not with files"))
        }
    }
}
