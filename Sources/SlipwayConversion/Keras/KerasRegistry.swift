// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A family of layers that are converted alike.
protocol KerasLayerFamily: SendableMetatype {
    /// The classes it knows, without their modules.
    static var names: [String] { get }

    /// Whether it gives its outputs the masks they have; those of others follow from the class.
    static var setsMasks: Bool { get }

    /// Adds the nodes of one call of a layer.
    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue]
}

extension KerasLayerFamily {
    static var setsMasks: Bool { false }
}

/// Which family a class of layers belongs to.
enum KerasRegistry {
    /// Of any tensor, so that sums and products of extents stay exact.
    private static let largestExtent = 1 << 31

    private static let families: [any KerasLayerFamily.Type] = [
        KerasActivationLayers.self, KerasAdaptivePooling.self, KerasAttention.self, KerasCategories.self,
        KerasConvolution.self, KerasDense.self, KerasEinsum.self, KerasEmbedding.self, KerasIdentity.self,
        KerasImageSize.self, KerasMasking.self, KerasMerging.self, KerasNormalization.self, KerasPadding.self,
        KerasPooling.self, KerasRecurrent.self, KerasRescalingNormalization.self, KerasScaling.self, KerasShape.self,
        KerasTransposedConvolution.self, KerasUpSampling.self, KerasWrappers.self,
    ]

    private static let byName: [String: any KerasLayerFamily.Type] = families.reduce(into: [:]) { table, family in
        for name in family.names { table[name] = family }
    }

    /// Adds a layer's nodes, and says so in the report.
    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        guard layer.className != "Lambda" else {
            throw layer.unsupported(
                "a Lambda layer, Python code that is not looked at,",
                "write it as a layer of Keras, or export it with model.export('model.onnx', format='onnx') of Keras 3")
        }
        guard !layer.module.contains(".ops"), let family = byName[layer.className] else {
            throw layer.unsupported(
                "the layer class \(layer.className)",
                instead[layer.className]
                    ?? "use layers that are listed in docs/operations/import-keras.md, or export it with "
                    + "model.export('model.onnx', format='onnx') of Keras 3")
        }
        try layer.requireKeras()
        try graph.countCall(at: layer.path)
        try checkPrecision(layer, &graph)
        var outputs = try family.add(layer, call, to: &graph)
        if !family.setsMasks {
            let mask = KerasMask.isPassedOn(by: layer) ? call.inputs.first?.mask : nil
            for index in outputs.indices { outputs[index].mask = mask }
        }
        guard outputs.allSatisfy({ $0.shape.allSatisfy { ($0 ?? 0) <= largestExtent } }) else {
            throw ConversionError(
                .limitExceeded, "the layer gives more than \(largestExtent) values along an axis", at: layer.path)
        }
        let shape = outputs.first.map { $0.shape.dropFirst().map { $0.map(String.init) ?? "?" } } ?? []
        graph.builder.report.steps.append(
            .init(path: layer.path, kind: layer.className, detail: "output \(shape.joined(separator: " × "))"))
        return outputs
    }

    /// What to do instead of layers of Keras that are met often.
    private static let instead: [String: String] = {
        let prepare = "do this step before the model, and save the model that begins behind it"
        let unroll = "use the layers SimpleRNN, LSTM or GRU"
        let names = [
            "HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization", "MelSpectrogram",
            "STFTSpectrogram", "Equalization", "AutoContrast", "Solarization", "RandomCrop",
        ]
        return Dictionary(
            names.map { ($0, prepare) } + ["RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"].map { ($0, unroll) },
            uniquingKeysWith: { first, _ in first })
    }()

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
