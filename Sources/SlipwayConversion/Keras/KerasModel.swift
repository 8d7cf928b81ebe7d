// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// A model: a chain of layers, or a graph of calls of layers.
struct KerasModel {
    private static let depthLimit = 32
    private static let layerLimit = 20_000

    private let model: KerasLayer
    private let depth: Int

    static let names = ["Sequential", "Functional", "Model"]

    /// Keras 3 notes calls of layers that change pictures with `training=True`, whether or not anyone said so, and runs
    /// them as it runs the model.
    private static func isNotedAsTrained(_ layer: KerasLayer) -> Bool {
        !layer.isLegacy && (layer.className.hasPrefix("Random") || KerasImageSize.names.contains(layer.className))
    }

    init(_ model: KerasLayer, depth: Int) throws {
        guard depth <= Self.depthLimit else {
            throw ConversionError(
                .limitExceeded, "models lie in one another more than \(Self.depthLimit) deep", at: model.path)
        }
        try model.requireKeras()
        guard Self.names.contains(model.className), model.config["layers"] != nil || model.config.list != nil else {
            throw model.unsupported(
                "a model of the class \(model.className), whose graph is Python code,",
                "export it with model.export('model.onnx', format='onnx') of Keras 3")
        }
        self.model = model
        self.depth = depth
    }

    /// Adds the model with inputs of its own; gives its outputs with the names they should have.
    func add(to graph: inout KerasGraph) throws -> [(String, KerasValue)] {
        try run(nil, &graph)
    }

    /// Adds the model as a layer of another one.
    func add(_ inputs: [KerasValue], to graph: inout KerasGraph) throws -> [KerasValue] {
        try run(inputs, &graph).map(\.1)
    }

    private func run(_ inputs: [KerasValue]?, _ graph: inout KerasGraph) throws -> [(String, KerasValue)] {
        guard let entries = model.config["layers"]?.list ?? model.config.list, entries.count <= Self.layerLimit else {
            throw ConversionError(.limitExceeded, "the model has too many layers", at: model.path)
        }
        try graph.countCall(at: model.path)
        let layers = try self.layers(entries, &graph)
        return model.className == "Sequential"
            ? try chain(layers, inputs, &graph) : try KerasCallGraph(model, layers, entries).run(inputs, &graph, self)
    }

    private func layers(_ entries: [StructuredValue], _ graph: inout KerasGraph) throws -> [KerasLayer] {
        var used: [String: Int] = [:]
        var names: Set<String> = []
        let siblings = try model.variables.opened()
        return try entries.enumerated().map { index, entry in
            let className = entry["class_name"]?.string ?? ""
            let name = entry["name"]?.string ?? entry["config"]?["name"]?.string ?? ""
            guard name.isEmpty || names.insert(name).inserted else {
                throw ConversionError(.malformed, "the model has two layers of the name '\(name)'", at: model.path)
            }
            let base = Self.snakeCase(className)
            let number = used[base, default: 0]
            // Operations that are no layers are not among the objects.
            if entry["module"]?.string?.contains(".ops") != true { used[base] = number + 1 }
            let key = number == 0 ? base : "\(base)_\(number)"
            var cost = 1
            let variables = try siblings.layer(
                name, key: key, isModel: Self.names.contains(className), cost: &cost)
            try graph.countSearch(cost, at: model.path)
            return KerasLayer(
                entry: entry, variables: variables,
                path: depth == 0 ? "layers[\(index)]" : "\(model.path).layers[\(index)]", isLegacy: model.isLegacy)
        }
    }

    // MARK: Layers

    /// Adds one call of a layer, which may be a model itself.
    func call(_ layer: KerasLayer, _ call: KerasCall, _ graph: inout KerasGraph) throws -> [KerasValue] {
        guard call.settings["training"] != true || Self.isNotedAsTrained(layer) else {
            throw layer.unsupported("a call with training=True", "build the model without it and save it again")
        }
        var call = call
        call.settings["training"] = nil
        guard Self.names.contains(layer.className) else {
            // What Keras hands over as a mask is looked at where it matters.
            return try KerasRegistry.add(layer, call, to: &graph)
        }
        guard call.named.isEmpty, call.settings.values.allSatisfy({ !$0 }) else {
            let names = Array(call.named.keys) + Array(call.settings.filter(\.value).keys)
            throw layer.unsupported(
                "a call of a model with the argument '\(names.sorted().joined(separator: "', '"))'",
                "call it with its inputs alone")
        }
        return try KerasModel(layer, depth: depth + 1).add(call.inputs, to: &graph)
    }

    /// The model's input that an `InputLayer` stands for.
    func input(_ layer: KerasLayer, shape: [Int?]?, _ graph: inout KerasGraph) throws -> KerasValue {
        guard let shape, !shape.isEmpty else {
            throw layer.unsupported(
                "a model whose input has no known shape", "give its first layer an input shape and save it again")
        }
        for key in ["sparse", "ragged"] where layer.bool(key, default: false) {
            throw layer.unsupported("a \(key) input", "use a dense one")
        }
        let wanted = layer.className == "InputLayer" ? layer.config["dtype"]?.string ?? "float32" : "float32"
        let type = try Self.elementType(wanted, layer)
        let isFloat = wanted.hasSuffix("float16") || type == .float32
        let outer = isFloat ? graph.options.inputType ?? type : type
        let name = graph.builder.input(
            layer.name.isEmpty ? "input" : layer.name, outer,
            [GraphBuilder.batch] + KerasGraph.dimensions(shape.dropFirst()))
        var value = KerasValue(name: name, shape: [nil] + Array(shape.dropFirst()), type: outer)
        if isFloat { value = graph.float(value) }
        return value
    }

    private static func elementType(_ name: String, _ layer: KerasLayer) throws -> ElementType {
        switch name {
        case "float32", "float64", "float16", "bfloat16": return .float32
        case "int32": return .int32
        case "int64": return .int64
        case "int8": return .int8
        case "int16": return .int16
        case "uint8": return .uint8
        case "bool": return .bool
        default: throw layer.unsupported("an input of the type \(name)", "convert it before the model")
        }
    }

    // MARK: Chains

    private func chain(
        _ layers: [KerasLayer], _ inputs: [KerasValue]?, _ graph: inout KerasGraph
    ) throws -> [(String, KerasValue)] {
        var rest = layers[...]
        var value: KerasValue
        if let inputs {
            guard inputs.count == 1 else {
                throw model.unsupported("a chain with several inputs", "use a Functional model")
            }
            value = inputs[0]
            if rest.first?.className == "InputLayer" { rest = rest.dropFirst() }
        } else {
            guard let first = layers.first else {
                throw model.unsupported("a model without layers", "save a model that was built")
            }
            if first.className == "InputLayer" {
                value = try input(first, shape: Self.inputShape(first), &graph)
                rest = rest.dropFirst()
            } else {
                let shape =
                    Self.inputShape(first) ?? Self.shape(model.config["build_input_shape"])
                    ?? Self.shape(model.buildConfig?["input_shape"])
                var named = first
                // A chain whose first layer is a model may lack a shape of its own.
                if shape == nil, Self.names.contains(first.className),
                    let inner = (first.config["layers"]?.list ?? first.config.list)?.first
                {
                    named = first.inner(inner, variables: KerasVariables(.none), "layers[0]")
                    value = try input(named, shape: Self.inputShape(named), &graph)
                } else {
                    let entry = StructuredValue.object([
                        .init("class_name", .string("Input")), .init("name", .string("\(first.name)_input")),
                    ])
                    named = first.inner(entry, variables: KerasVariables(.none), "input")
                    value = try input(named, shape: shape, &graph)
                }
            }
        }
        for layer in rest {
            let outputs = try call(layer, KerasCall(inputs: [value]), &graph)
            guard outputs.count == 1 else { throw layer.unsupported("a chain with several outputs", "use one output") }
            value = outputs[0]
        }
        return [(layers.last?.name ?? "output", value)]
    }

    /// The input's shape, the batch first, as a layer's settings give it.
    static func inputShape(_ layer: KerasLayer) -> [Int?]? {
        shape(layer.config["batch_shape"]) ?? shape(layer.config["batch_input_shape"])
            ?? shape(layer.buildConfig?["input_shape"])
    }

    static func shape(_ value: StructuredValue?) -> [Int?]? {
        guard let list = value?.list else { return nil }
        var shape: [Int?] = []
        for element in list {
            let extent = element.integer
            guard element.isNull || (extent ?? -1) >= 0, (extent ?? 0) <= 1 << 31 else { return nil }
            shape.append(extent)
        }
        return shape
    }

    /// The name that Keras makes of a class for the object in an archive: `max_pooling2d`.
    static func snakeCase(_ name: String) -> String {
        let letters = name.filter { $0.isLetter || $0.isNumber || $0 == "_" }.map { $0 }
        var words: [Character] = []
        var index = 0
        while index < letters.count {
            words.append(letters[index])
            index += 1
            guard index + 1 < letters.count, letters[index].isUppercase, letters[index + 1].isLowercase else {
                continue
            }
            words += ["_", letters[index]]
            index += 1
            while index < letters.count, letters[index].isLowercase {
                words.append(letters[index])
                index += 1
            }
        }
        var result = ""
        for (index, letter) in words.enumerated() {
            if index > 0, letter.isUppercase, words[index - 1].isLowercase { result.append("_") }
            result += letter.lowercased()
        }
        return result
    }
}
