// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// The calls of a functional model: which layer is called with which outputs of others.
struct KerasCallGraph {
    private static let callLimit = 100_000
    /// Looks at calls that may still wait: files list layers in an order that needs one for each, more only where
    /// layers are shared.
    private static let lookLimit = 1_000_000
    /// Of the model's inputs, and of its outputs.
    private static let endLimit = 4096

    /// One output of one call of a layer.
    private struct Reference: Hashable {
        let layer: String
        let call: Int
        let output: Int
    }

    /// A call that waits for its arguments.
    private struct Pending {
        let layer: Int
        let call: Int
        var inputs: [Reference] = []
        var named: [String: [Reference]] = [:]
        var settings: [String: Bool] = [:]
    }

    private let model: KerasLayer
    private let layers: [KerasLayer]
    private var calls: [Pending] = []
    private let inputs: [Reference]
    private let outputs: [Reference]

    init(_ model: KerasLayer, _ layers: [KerasLayer], _ entries: [StructuredValue]) throws {
        self.model = model
        self.layers = layers
        guard let inputs = model.config["input_layers"], let outputs = model.config["output_layers"] else {
            throw model.unsupported("a model without input and output layers", "save a model that was built")
        }
        self.inputs = Self.references(inputs)
        // A model inside this one has a call of its own before those of this one, which is counted here: in Keras 3
        // for outputs of functional models only.
        let isLegacy = entries.contains { $0["inbound_nodes"]?.list?.contains { $0["args"] == nil } ?? false }
        let models = Set(layers.filter { KerasModel.names.contains($0.className) }.map(\.name))
        let chains = Set(layers.filter { $0.className == "Sequential" }.map(\.name))
        func recounted(_ reference: Reference, _ names: Set<String>) -> Reference {
            guard names.contains(reference.layer) else { return reference }
            return Reference(layer: reference.layer, call: max(0, reference.call - 1), output: reference.output)
        }
        guard self.inputs.count <= Self.endLimit, Self.references(outputs).count <= Self.endLimit else {
            throw ConversionError(
                .limitExceeded, "the model has more than \(Self.endLimit) inputs or outputs", at: model.path)
        }
        self.outputs = Self.references(outputs).map { recounted($0, isLegacy ? models : models.subtracting(chains)) }
        for (index, entry) in entries.enumerated() {
            let nodes = entry["inbound_nodes"]?.list ?? []
            guard nodes.count <= Self.callLimit - calls.count else {
                throw ConversionError(.limitExceeded, "the model has too many calls of layers", at: model.path)
            }
            for (number, node) in nodes.enumerated() {
                var call = Pending(layer: index, call: number)
                if node["args"] != nil || node["kwargs"] != nil {
                    try Self.read(node, of: layers[index], into: &call)
                } else {
                    try Self.readLegacy(node, of: layers[index], into: &call)
                    call.inputs = call.inputs.map { recounted($0, models) }
                    call.named = call.named.mapValues { $0.map { recounted($0, models) } }
                }
                calls.append(call)
            }
        }
    }

    // MARK: Reading calls

    /// Every `[layer, call, output]` in any nest of lists and objects.
    private static func references(_ value: StructuredValue) -> [Reference] {
        if let reference = reference(value) { return [reference] }
        if let list = value.list { return list.flatMap { references($0) } }
        return value.members?.flatMap { references($0.value) } ?? []
    }

    private static func reference(_ value: StructuredValue) -> Reference? {
        guard let list = value.list, list.count >= 3, let layer = list[0].string, let call = list[1].integer,
            let output = list[2].integer
        else { return nil }
        return Reference(layer: layer, call: call, output: output)
    }

    /// Every tensor of an argument of Keras 3.
    private static func tensors(_ value: StructuredValue) -> [Reference] {
        if value["class_name"]?.string == "__keras_tensor__" {
            return value["config"]?["keras_history"].flatMap { reference($0) }.map { [$0] } ?? []
        }
        if case .array(let list) = value { return list.flatMap { tensors($0) } }
        return value.members?.flatMap { tensors($0.value) } ?? []
    }

    private static func read(_ node: StructuredValue, of layer: KerasLayer, into call: inout Pending) throws {
        for argument in node["args"]?.list ?? [] {
            let tensors = tensors(argument)
            guard !tensors.isEmpty || argument.isNull else {
                throw layer.unsupported("a call with a constant argument", "use layers of Keras for it")
            }
            call.inputs += tensors
        }
        for member in node["kwargs"]?.members ?? [] {
            try add(member.name, member.value, tensors(member.value), of: layer, into: &call)
        }
    }

    /// Calls of Keras 2: `[layer, call, output, arguments]` for each tensor.
    private static func readLegacy(_ node: StructuredValue, of layer: KerasLayer, into call: inout Pending) throws {
        let entries = reference(node) == nil ? node.list ?? node.members?.map(\.value) ?? [] : [node]
        for entry in entries {
            guard let reference = reference(entry), let list = entry.list else {
                throw layer.unsupported("a call with a constant argument", "use layers of Keras for it")
            }
            call.inputs.append(reference)
            guard list.count > 3 else { continue }
            for member in list[3].members ?? [] {
                try add(member.name, member.value, references(member.value), of: layer, into: &call)
            }
        }
    }

    private static func add(
        _ name: String, _ value: StructuredValue, _ tensors: [Reference], of layer: KerasLayer,
        into call: inout Pending
    ) throws {
        if !tensors.isEmpty {
            call.named[name] = tensors
        } else if let setting = value.bool {
            call.settings[name] = setting
        } else if !value.isNull, value.list?.allSatisfy(\.isNull) != true {
            throw layer.unsupported("a call with the argument '\(name)'", "use layers of Keras for it")
        }
    }

    // MARK: Running

    /// Adds all calls in an order in which each comes after those whose outputs it takes.
    func run(
        _ given: [KerasValue]?, _ graph: inout KerasGraph, _ owner: KerasModel
    ) throws -> [(String, KerasValue)] {
        var values: [Reference: KerasValue] = [:]
        try addInputs(given, &values, &graph, owner)
        var waiting = calls
        var looks = 0
        while !waiting.isEmpty {
            looks += waiting.count
            guard looks <= Self.lookLimit else {
                throw ConversionError(.limitExceeded, "the calls of the model's layers are in no order", at: model.path)
            }
            var left: [Pending] = []
            for call in waiting {
                guard let arguments = resolve(call, values) else {
                    left.append(call)
                    continue
                }
                let layer = layers[call.layer]
                let outputs = try owner.call(layer, arguments, &graph)
                for (index, output) in outputs.enumerated() {
                    values[Reference(layer: layer.name, call: call.call, output: index)] = output
                }
            }
            guard left.count < waiting.count else {
                throw ConversionError(
                    .malformed, "the layer is called with what no other layer gives", at: layers[left[0].layer].path)
            }
            waiting = left
        }
        let counts = outputs.reduce(into: [:]) { $0[$1.layer, default: 0] += 1 }
        return try outputs.enumerated().map { index, reference in
            guard let value = values[reference] else {
                throw ConversionError(
                    .malformed, "the model's output '\(reference.layer)' is given by no layer", at: model.path)
            }
            return (counts[reference.layer] == 1 ? reference.layer : "\(reference.layer)_\(index)", value)
        }
    }

    private func addInputs(
        _ given: [KerasValue]?, _ values: inout [Reference: KerasValue], _ graph: inout KerasGraph,
        _ owner: KerasModel
    ) throws {
        if let given, given.count != inputs.count {
            throw ConversionError(
                .malformed, "the model takes \(inputs.count) tensors and gets \(given.count)", at: model.path)
        }
        let byName = Dictionary(layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, reference) in inputs.enumerated() {
            guard let layer = byName[reference.layer] else {
                throw ConversionError(.malformed, "the input '\(reference.layer)' is no layer", at: model.path)
            }
            values[reference] = try given?[index] ?? owner.input(layer, shape: KerasModel.inputShape(layer), &graph)
        }
    }

    private func resolve(_ call: Pending, _ values: [Reference: KerasValue]) -> KerasCall? {
        var result = KerasCall(settings: call.settings)
        for reference in call.inputs {
            guard let value = values[reference] else { return nil }
            result.inputs.append(value)
        }
        for (name, references) in call.named {
            var list: [KerasValue] = []
            for reference in references {
                guard let value = values[reference] else { return nil }
                list.append(value)
            }
            result.named[name] = list
        }
        return result
    }
}
