// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// `MultiHeadAttention` over one axis, and `Attention` and `AdditiveAttention`.
enum KerasAttention: KerasLayerFamily {
    static let names = ["AdditiveAttention", "Attention", "MultiHeadAttention"]
    static let setsMasks = true

    /// What Keras adds to the scores of places that are not looked at.
    private static let hidden: Float = -1e9

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        let inputs = try KerasAttentionInputs(layer, call, &graph)
        let (answer, shares, shape) =
            layer.className == "MultiHeadAttention"
            ? try KerasMultiHeadAttention(layer, inputs).add(to: &graph) : try single(layer, inputs, &graph)
        var output = inputs.query.followed(by: answer, shape: shape)
        output.mask = inputs.query.mask
        guard inputs.givesShares else { return [output] }
        let heads: [Int?] = layer.className == "MultiHeadAttention" ? [layer.config["num_heads"]?.integer] : []
        return [
            output,
            inputs.query.followed(by: shares, shape: [nil] + heads + [inputs.query.shape[1], inputs.key.shape[1]]),
        ]
    }

    /// Softmax over the scores of the places that may be looked at.
    static func shares(_ scores: String, _ places: String?, _ graph: inout KerasGraph) -> String {
        let seen = places.map { graph.node("Where", [$0, scores, graph.constant(hidden)]) } ?? scores
        return graph.node("Softmax", [seen], ["axis": .int(-1)])
    }

    private static func single(
        _ layer: KerasLayer, _ inputs: KerasAttentionInputs, _ graph: inout KerasGraph
    ) throws -> (answer: String, shares: String, shape: [Int?]) {
        guard inputs.given == nil else {
            throw layer.unsupported("the argument 'attention_mask'", "build the model without it")
        }
        let scores =
            layer.className == "AdditiveAttention"
            ? try additiveScores(layer, inputs, &graph) : try productScores(layer, inputs, &graph)
        let places = try inputs.places(masks: [inputs.value.mask], of: layer, &graph)
        let shares = shares(scores, places, &graph)
        var answer = graph.node("MatMul", [shares, inputs.value.name])
        if let mask = try inputs.query.mask?.ofSteps(for: layer) {
            let kept = graph.node("Unsqueeze", [graph.builder.cast(mask, to: .float32), graph.integers([2])])
            answer = graph.node("Mul", [answer, kept])
        }
        return (answer, shares, [nil, inputs.query.shape[1], inputs.value.shape[2]])
    }

    private static func productScores(
        _ layer: KerasLayer, _ inputs: KerasAttentionInputs, _ graph: inout KerasGraph
    ) throws -> String {
        guard layer.string("score_mode", default: "dot") == "dot" else {
            throw layer.unsupported("the score mode of this attention", "use score_mode='dot'")
        }
        let keys = graph.node("Transpose", [inputs.key.name], ["perm": .ints([0, 2, 1])])
        let scores = graph.node("MatMul", [inputs.query.name, keys])
        guard layer.bool("use_scale", default: false) else { return scores }
        return graph.node("Mul", [scores, try graph.constant(try layer.weights(["scale"])[0])])
    }

    private static func additiveScores(
        _ layer: KerasLayer, _ inputs: KerasAttentionInputs, _ graph: inout KerasGraph
    ) throws -> String {
        let query = graph.node("Unsqueeze", [inputs.query.name, graph.integers([2])])
        let key = graph.node("Unsqueeze", [inputs.key.name, graph.integers([1])])
        var sums = graph.node("Tanh", [graph.node("Add", [query, key])])
        if layer.bool("use_scale", default: true) {
            let scale = try layer.weights(["scale"])[0].expecting([inputs.query.shape[2]], "scale", of: layer)
            sums = graph.node("Mul", [sums, try graph.constant(scale)])
        }
        return graph.node("ReduceSum", [sums, graph.integers([-1])], ["keepdims": .int(0)])
    }
}

/// What an attention layer is called with, each `[batch, steps, features]`.
struct KerasAttentionInputs {
    let query: KerasValue
    let value: KerasValue
    let key: KerasValue
    /// Where each query may look, as the caller says.
    let given: KerasValue?
    let isCausal: Bool
    let givesShares: Bool

    private static let settings = ["use_causal_mask", "return_attention_scores"]

    init(_ layer: KerasLayer, _ call: KerasCall, _ graph: inout KerasGraph) throws {
        for (name, isSet) in call.settings where isSet && !Self.settings.contains(name) {
            throw layer.unsupported("a call with \(name)=True", "leave it out")
        }
        var named = call.named
        given = named.removeValue(forKey: "attention_mask")?.first
        var values = call.inputs
        for name in ["query", "value", "key"] { values += named.removeValue(forKey: name) ?? [] }
        if let other = named.keys.min() {
            throw layer.unsupported("the argument '\(other)'", "build the model without it")
        }
        guard (2...3).contains(values.count), values.allSatisfy({ $0.rank == 3 }), given?.rank ?? 3 == 3 else {
            throw layer.unsupported("attention over several axes", "use tensors of batch, steps and features")
        }
        values = values.map { graph.float(graph.plain($0)) }
        query = values[0]
        value = values[1]
        key = values.last ?? values[1]
        isCausal = call.settings["use_causal_mask"] ?? layer.bool("causal", default: false)
        givesShares = call.settings["return_attention_scores"] ?? false
    }

    /// Where queries may look: bool, `[batch or 1, queries or 1, keys]`; `nil` for everywhere.
    ///
    /// - Parameter masks: Of the keys' steps.
    func places(
        masks: [KerasMask?], of layer: KerasLayer, _ graph: inout KerasGraph
    ) throws -> String? {
        var parts = try masks.compactMap { $0 }.map {
            graph.node("Unsqueeze", [try $0.ofSteps(for: layer), graph.integers([1])])
        }
        if isCausal { parts.append(causal(&graph)) }
        if let given { parts.append(given.type == .bool ? given.name : graph.builder.cast(given.name, to: .bool)) }
        guard var result = parts.first else { return nil }
        for part in parts.dropFirst() where part != result { result = graph.node("And", [result, part]) }
        return result
    }

    /// Bool, `[1, queries, keys]`: a query looks at no key after its own place.
    private func causal(_ graph: inout KerasGraph) -> String {
        let places = [query, key].enumerated().map { index, value in
            let count = graph.node("Gather", [graph.node("Shape", [value.name]), graph.integer(1)])
            let range = graph.node("Range", [graph.integer(0), count, graph.integer(1)])
            return graph.node("Unsqueeze", [range, graph.integers(index == 0 ? [0, 2] : [0, 1])])
        }
        return graph.node("GreaterOrEqual", places)
    }
}
