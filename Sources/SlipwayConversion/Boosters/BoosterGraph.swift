// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Adds a booster's nodes to a graph.
enum BoosterGraph {
    /// - Parameter input: `[N, features]`, of the type that the model compares in.
    static func add(
        _ model: BoosterModel, of input: String, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let raw: String
        let outputs: Int
        switch model.body {
        case .trees(let ensemble):
            outputs = ensemble.targetCount
            raw = try graph.trees(ensemble, of: prepared(input, for: model, in: &graph))
        case .linear(let weights, let count):
            outputs = count
            raw = try linear(weights, count, model, of: input, in: &graph)
        }
        return try link(model, raw: graph.cast(raw, to: .float64), outputs: outputs, in: &graph)
    }

    // MARK: Input

    private static func prepared(
        _ input: String, for model: BoosterModel, in graph: inout GraphBuilder
    ) -> String {
        var value = input
        if let missing = model.missing, !missing.isNaN {
            let sentinel = graph.constant(scalar(missing, model.comparison))
            let nan = graph.constant(scalar(.nan, model.comparison))
            value = graph.node("Where", [graph.node("Equal", [value, sentinel]), nan, value])
        }
        guard !model.categoricalFeatures.isEmpty else { return value }
        // The frameworks look categories up as whole numbers.
        let mask = graph.constant(
            ONNXTensor((0..<model.featureCount).map { model.categoricalFeatures.contains($0) }))
        let whole: String
        switch model.rounding {
        case .down: whole = graph.node("Floor", [value])
        case .towardsZero:
            let size = graph.node("Floor", [graph.node("Abs", [value])])
            whole = graph.multiply(graph.node("Sign", [value]), size)
        }
        return graph.node("Where", [mask, whole, value])
    }

    private static func scalar(_ value: Double, _ type: ElementType) -> ONNXTensor {
        type == .float64 ? ONNXTensor([value], []) : ONNXTensor([Float(value)], [])
    }

    private static func linear(
        _ weights: [Float], _ outputs: Int, _ model: BoosterModel, of input: String, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let count = model.featureCount * outputs
        guard outputs > 0, weights.count == count + outputs else {
            throw ConversionError(
                .malformed, "there are \(weights.count) weights for \(model.featureCount) features, \(outputs) outputs")
        }
        var value = prepared(input, for: model, in: &graph)
        let zero = graph.constant(ONNXTensor([Float(0)], []))
        value = graph.node("Where", [graph.node("IsNaN", [value]), zero, value])
        let matrix = graph.constant(ONNXTensor(Array(weights[..<count]), [model.featureCount, outputs]))
        let bias = graph.constant(ONNXTensor(Array(weights[count...])))
        return graph.add(graph.matrixProduct(value, matrix), bias)
    }

    // MARK: Output

    private static func link(
        _ model: BoosterModel, raw: String, outputs: Int, in graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        switch model.link {
        case .identity: return .regressor(raw, targets: outputs)
        case .exponential: return .regressor(graph.node("Exp", [raw]), targets: outputs)
        case .signedSquare:
            return .regressor(graph.multiply(raw, graph.node("Abs", [raw])), targets: outputs)
        case .sigmoid(let scale):
            return .regressor(graph.sigmoid(scaled(raw, scale, in: &graph)), targets: outputs)
        case .logOnePlusExponential:
            let sum = graph.add(graph.node("Exp", [raw]), graph.double(1))
            return .regressor(graph.node("Log", [sum]), targets: outputs)
        case .binary(let scale):
            let classes = try classes(of: model, count: 2)
            try require(outputs == 1, model, outputs)
            let positive = graph.sigmoid(scaled(raw, scale, in: &graph))
            let above = model.threshold == 0 ? raw : graph.add(raw, graph.double(-model.threshold))
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.isPositive(scaled(above, scale, in: &graph)),
                    probabilities: graph.withComplement(positive), decision: raw))
        case .binaryDecision:
            let classes = try classes(of: model, count: 2)
            try require(outputs == 1, model, outputs)
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.isPositive(raw), probabilities: nil, decision: raw))
        case .softmax:
            let classes = try classes(of: model, count: outputs)
            return .classifier(
                SklearnClassifier(
                    classes: classes, index: graph.argmax(raw), probabilities: graph.softmax(raw), decision: raw))
        case .oneAgainstAll(let scale):
            let classes = try classes(of: model, count: outputs)
            let each = graph.sigmoid(scaled(raw, scale, in: &graph))
            return .classifier(
                SklearnClassifier(classes: classes, index: graph.argmax(raw), probabilities: each, decision: raw))
        }
    }

    private static func scaled(_ value: String, _ scale: Double, in graph: inout GraphBuilder) -> String {
        scale == 1 ? value : graph.multiply(value, graph.double(scale))
    }

    private static func require(_ holds: Bool, _ model: BoosterModel, _ outputs: Int) throws(ConversionError) {
        guard holds else {
            throw ConversionError(
                .unsupported,
                "the objective '\(model.objective)' with \(outputs) outputs is not converted: "
                    + "train a model for each")
        }
    }

    private static func classes(of model: BoosterModel, count: Int) throws(ConversionError) -> SklearnClasses {
        guard let classes = model.classes else { return .integers((0..<count).map(Int64.init)) }
        guard classes.count == count else {
            throw ConversionError(.malformed, "the model gives \(count) scores for \(classes.count) classes")
        }
        return classes
    }
}
