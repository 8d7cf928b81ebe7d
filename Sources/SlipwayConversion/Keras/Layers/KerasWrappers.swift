// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// `Bidirectional`, `TimeDistributed` and `SpectralNormalization`: layers around a layer.
enum KerasWrappers: KerasLayerFamily {
    static let names = ["Bidirectional", "SpectralNormalization", "TimeDistributed"]
    static let setsMasks = true

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        guard let entry = layer.config["layer"] else { throw layer.malformed("layer") }
        if layer.className == "SpectralNormalization" {
            // The kernel was divided when it was trained.
            let inner = layer.inner(entry, variables: try layer.variables.part("layer", scope: nil), "layer")
            return try KerasRegistry.add(inner, call, to: &graph)
        }
        return layer.className == "Bidirectional"
            ? try bidirectional(layer, entry, call, &graph)
            : [try distributed(layer, entry, try layer.input(call, rank: 3...8), &graph)]
    }

    private static func bidirectional(
        _ layer: KerasLayer, _ entry: StructuredValue, _ call: KerasCall, _ graph: inout KerasGraph
    ) throws -> [KerasValue] {
        let (input, states) = try KerasRecurrent.arguments(layer, call)
        guard states.count.isMultiple(of: 2) else { throw layer.malformed("inbound_nodes") }
        let half = states.count / 2
        let given = layer.config["backward_layer"]
        let backwardEntry = given.flatMap { $0.isNull ? nil : $0 } ?? entry
        var runs: [[KerasValue]] = []
        for (direction, entry) in [("forward", entry), ("backward", backwardEntry)] {
            let variables = try layer.variables.part("\(direction)_layer/cell", scope: "\(direction)_")
            let inner = layer.inner(entry, variables: variables, direction)
            guard KerasRecurrent.names.contains(inner.className), !inner.bool("stateful", default: false) else {
                throw layer.unsupported("\(inner.className) in two directions", "use LSTM, GRU or SimpleRNN")
            }
            // The layer's own direction counts, and its backward twin has the other one.
            let own = inner.bool("go_backwards", default: false)
            let isBackward = direction == "forward" || given.map { !$0.isNull } ?? false ? own : !own
            let initial = Array(direction == "forward" ? states[..<half] : states[half...])
            runs.append(
                try KerasRecurrence(inner, input, initial).add(
                    isBackward: isBackward, variables: variables, alignsSteps: direction == "backward", to: &graph))
        }
        guard let forward = runs[0].first, let backward = runs[1].first, runs[0].count == runs[1].count else {
            throw layer.malformed("layer")
        }
        let lasts = Array(runs[0].dropFirst()) + Array(runs[1].dropFirst())
        guard let mode = layer.config["merge_mode"]?.string else { return [forward, backward] + lasts }
        var answer = try merged(forward, backward, mode, layer, &graph)
        answer.mask = forward.mask
        return [answer] + lasts
    }

    private static func merged(
        _ one: KerasValue, _ other: KerasValue, _ mode: String, _ layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let names = [one.name, other.name]
        switch mode {
        case "concat":
            guard let left = one.shape.last ?? nil, let right = other.shape.last ?? nil else {
                throw layer.malformed("merge_mode")
            }
            return one.followed(
                by: graph.node("Concat", names, ["axis": .int(-1)]), shape: one.shape.dropLast() + [left + right])
        case "sum": return one.followed(by: graph.node("Add", names))
        case "mul": return one.followed(by: graph.node("Mul", names))
        case "ave": return one.followed(by: graph.node("Mean", names))
        default: throw layer.malformed("merge_mode")
        }
    }

    /// Runs a layer on every step: steps join the batch and leave it again.
    private static func distributed(
        _ layer: KerasLayer, _ entry: StructuredValue, _ input: KerasValue, _ graph: inout KerasGraph
    ) throws -> KerasValue {
        let value = graph.plain(input)
        let steps = value.shape[1]
        let inner = Array(value.shape.dropFirst(2))
        guard !inner.contains(nil) else {
            throw layer.unsupported("steps of an open shape", "give the model's input a fixed shape")
        }
        var rows = value.followed(
            by: graph.node("Reshape", [value.name, graph.integers([-1] + inner.compactMap { $0 })]),
            shape: [nil] + inner)
        rows.mask = nil
        let part = layer.inner(entry, variables: try layer.variables.part("layer", scope: nil), "layer")
        let results =
            KerasModel.names.contains(part.className)
            ? try KerasModel(part, depth: 1).add([rows], to: &graph)
            : try KerasRegistry.add(part, KerasCall(inputs: [rows]), to: &graph)
        guard results.count == 1, let result = results.first.map({ graph.plain($0) }),
            !result.shape.dropFirst().contains(nil)
        else { throw layer.unsupported("a layer with an open shape on every step", "give it a fixed shape") }
        let extents = result.shape.dropFirst().compactMap { $0 }
        let target: String
        if let steps {
            target = graph.integers([-1, steps] + extents)
        } else {
            let head = graph.node("Shape", [value.name], ["start": .int(0), "end": .int(2)])
            target = graph.node("Concat", [head, graph.integers(extents)], ["axis": .int(0)])
        }
        var output = result.followed(by: graph.node("Reshape", [result.name, target]), shape: [nil, steps] + extents)
        output.mask = input.mask
        return output
    }
}
