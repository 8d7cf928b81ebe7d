// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// MLPClassifier and MLPRegressor: dense layers in float64.
enum Perceptrons: SklearnEstimator {
    static let names = ["MLPClassifier", "MLPRegressor"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let (value, width) = try layers(estimator, input, &graph)
        guard estimator.type.name == "MLPClassifier" else { return .regressor(value, targets: width) }
        let binarizer = try estimator.estimator("_label_binarizer")
        guard !binarizer.string("y_type_", default: "binary").hasPrefix("multilabel") else {
            throw estimator.unsupported(
                "it gives several labels for a row; train one classifier for each label in a MultiOutputClassifier")
        }
        let classes = try binarizer.classes()
        guard width == (classes.count == 2 ? 1 : classes.count) else {
            throw estimator.malformed("the last layer has \(width) outputs and there are \(classes.count) classes")
        }
        let index = width == 1 ? graph.isAbove(0.5, value) : graph.argmax(value)
        let probabilities = width == 1 ? graph.withComplement(value) : value
        return .classifier(
            SklearnClassifier(classes: classes, index: index, probabilities: probabilities, decision: nil))
    }

    private static func layers(
        _ estimator: SklearnContext, _ input: SklearnInput, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> (value: String, width: Int) {
        var width = try estimator.featureCount()
        var value = try input.numbers(width: width, for: estimator, in: &graph)
        let weights = try estimator.list("coefs_")
        let biases = try estimator.list("intercepts_")
        guard weights.count == biases.count, !weights.isEmpty else {
            throw estimator.malformed("'coefs_' has \(weights.count) layers and 'intercepts_' \(biases.count)")
        }
        let hidden = estimator.string("activation", default: "relu")
        let last = estimator.string("out_activation_", default: "identity")
        for (index, weight) in weights.enumerated() {
            let matrix = try estimator.array(weight, "coefs_[\(index)]", shape: [width, nil])
            width = matrix.columns
            let bias = try estimator.array(biases[index], "intercepts_[\(index)]", shape: [width])
            value = graph.add(graph.matrixProduct(value, graph.matrix(matrix)), graph.doubles(bias.values))
            let name = index == weights.count - 1 ? last : hidden
            value = try activation(name, value, estimator, &graph)
        }
        graph.describeStep("\(weights.count) layers")
        return (value, width)
    }

    private static func activation(
        _ name: String, _ value: String, _ estimator: SklearnContext, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        switch name {
        case "identity": value
        case "logistic": graph.sigmoid(value)
        case "tanh": graph.node("Tanh", [value])
        case "relu": graph.node("Relu", [value])
        case "softmax": graph.softmax(value)
        case "exp": graph.node("Exp", [value])
        default:
            throw estimator.unsupported(
                "activation '\(name)' is not converted; train with identity, logistic, tanh or relu")
        }
    }
}
