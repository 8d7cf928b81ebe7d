// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a Triton model configuration changes in an endpoint's spec.
///
/// Only what the configuration names is changed. Routes are not its business.
package struct ModelConfigOverride: Sendable {
    /// Triton's cache has one size for the whole server; where an endpoint has none yet, it gets this one.
    package static let usualCacheBytes = 64 << 20

    package let config: TritonModelConfig

    package init(_ config: TritonModelConfig) { self.config = config }

    package func apply(to spec: inout EndpointSpec) {
        if let count = config.instanceCount { spec.instances = count }
        if let caches = config.cachesAnswers {
            spec.cacheBytes = caches ? spec.cacheBytes ?? Self.usualCacheBytes : nil
        }
        if let warmUp = config.warmUp { spec.lifecycle.warmUp = warmUp }
        applyBatching(to: &spec.batching)
        guard let batching = config.batching else { return }
        if let waiting = batching.maximumQueue {
            // Triton counts requests that wait, the endpoint's limit also those that run.
            let running = max(1, config.maximumBatchSize ?? 1) * (spec.instances ?? 1)
            spec.limits.requests = waiting + running
        }
        if let timeout = batching.timeoutMicroseconds { spec.limits.deadlineMs = Double(timeout) / 1000 }
    }

    private func applyBatching(to spec: inout BatchingSpec) {
        if let most = config.maximumBatchSize {
            spec.isEnabled = most == 0 ? false : nil
            spec.maximumRows = most == 0 ? nil : most
            spec.preferredRows = nil
            spec.maximumDelayMs = nil
        }
        guard let batching = config.batching, config.maximumBatchSize != 0 else { return }
        spec.isEnabled = true
        spec.preferredRows = batching.preferredRows.isEmpty ? nil : batching.preferredRows
        let delay = batching.maximumDelayMicroseconds
        spec.maximumDelayMs = delay == 0 ? nil : Double(delay) / 1000
    }

    /// What the configuration says of inputs and outputs that the model does not: a sentence each.
    package func mismatches(with signature: ModelSignature) -> [String] {
        var found = compare("input", config.inputs, signature.inputs)
        found += compare("output", config.outputs, signature.outputs)
        if !config.inputs.isEmpty {
            let named = config.inputs.map(\.name)
            found += signature.inputs.filter { !$0.isOptional && !named.contains($0.name) }.map {
                "the model needs input '\($0.name)', the configuration has [\(named.joined(separator: ", "))]"
            }
        }
        if isBatched {
            found += (signature.inputs + signature.outputs).compactMap { spec in
                guard case .fixed(let extent)? = spec.shape?.first else { return nil }
                return "max_batch_size is above 0, but '\(spec.name)' has a fixed first dimension of \(extent)"
            }
        }
        return found
    }

    private var isBatched: Bool { (config.maximumBatchSize ?? 0) > 0 }

    private func compare(
        _ kind: String, _ entries: [TritonModelConfig.TensorEntry], _ specs: [TensorSpec]
    ) -> [String] {
        entries.compactMap { entry in
            guard let spec = specs.first(where: { $0.name == entry.name }) else {
                return "the model has no \(kind) '\(entry.name)'"
                    + NearestWord.hint(entry.name, among: specs.map(\.name))
            }
            if let type = entry.elementType, type != spec.elementType {
                return "\(kind) '\(entry.name)' is \(type.rawValue) in the configuration and "
                    + "\(spec.elementType.rawValue) in the model"
            }
            guard let shape = spec.shape, spec.form != .sequence, !entry.dims.isEmpty || shape.isEmpty || isBatched
            else { return nil }
            let dims = (isBatched ? [-1] : []) + entry.dims
            let fits = dims.count == shape.count && zip(dims, shape).allSatisfy(Self.fits)
            guard !fits else { return nil }
            let batch = isBatched ? " after the batch" : ""
            return "\(kind) '\(entry.name)' has dims \(entry.dims)\(batch) in the configuration and "
                + "\(spec.shapeText) in the model"
        }
    }

    private static func fits(_ given: Int, _ dimension: Dimension) -> Bool {
        if case .fixed(let extent) = dimension { given == -1 || given == extent } else { true }
    }
}
