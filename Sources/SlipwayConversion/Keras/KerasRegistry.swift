// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A family of layers that are converted alike.
protocol KerasLayerFamily: SendableMetatype {
    /// The classes it knows, without their modules.
    static var names: [String] { get }

    /// Adds the nodes of one call of a layer.
    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue]
}

/// Which family a class of layers belongs to.
enum KerasRegistry {
    /// Of any tensor, so that sums and products of extents stay exact.
    private static let largestExtent = 1 << 31

    private static let families: [any KerasLayerFamily.Type] = [
        KerasActivationLayers.self, KerasAttention.self, KerasConvolution.self, KerasDense.self, KerasEmbedding.self,
        KerasIdentity.self, KerasMerging.self, KerasNormalization.self, KerasPadding.self, KerasPooling.self,
        KerasRecurrent.self, KerasScaling.self, KerasShape.self, KerasTransposedConvolution.self, KerasUpSampling.self,
        KerasWrappers.self,
    ]

    private static let byName: [String: any KerasLayerFamily.Type] = families.reduce(into: [:]) { table, family in
        for name in family.names { table[name] = family }
    }

    /// Adds a layer's nodes, and says so in the report.
    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        guard layer.className != "Lambda" else {
            throw layer.unsupported(
                "a Lambda layer, Python code that is not looked at,",
                "write it as a layer of Keras, or export the model with model.export(format='onnx') of Keras 3")
        }
        guard !layer.module.contains(".ops"), let family = byName[layer.className] else {
            throw layer.unsupported(
                "the layer class \(layer.className)",
                "use layers of Keras itself, or export the model with model.export(format='onnx') of Keras 3")
        }
        try layer.requireKeras()
        try graph.countCall(at: layer.path)
        try checkPrecision(layer, &graph)
        let outputs = try family.add(layer, call, to: &graph)
        guard outputs.allSatisfy({ $0.shape.allSatisfy { ($0 ?? 0) <= largestExtent } }) else {
            throw ConversionError(
                .limitExceeded, "the layer gives more than \(largestExtent) values along an axis", at: layer.path)
        }
        let shape = outputs.first.map { $0.shape.dropFirst().map { $0.map(String.init) ?? "?" } } ?? []
        graph.builder.report.steps.append(
            .init(path: layer.path, kind: layer.className, detail: "output \(shape.joined(separator: " × "))"))
        return outputs
    }

    private static func checkPrecision(_ layer: KerasLayer, _ graph: inout KerasGraph) throws {
        let setting = layer.config["dtype"]
        guard let policy = setting?.string ?? setting?["config"]?["name"]?.string, policy != "float32" else { return }
        guard !policy.contains("int8"), !policy.contains("int4"), !policy.contains("float8") else {
            throw layer.unsupported("the quantised type \(policy)", "save the model before it is quantised")
        }
        let note = "computed in float32, not in \(policy) as Keras does"
        if !graph.builder.report.notes.contains(note), policy.contains("float") {
            graph.builder.report.notes.append(note)
        }
    }
}
