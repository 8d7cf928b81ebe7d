// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Names the outputs of a model, by what its last estimator gives.
enum SklearnOutputs {
    private static let rows = GraphBuilder.batch

    /// - Returns: Class names by output.
    static func write(
        _ output: SklearnOutput, of estimator: SklearnContext, to graph: inout GraphBuilder
    ) throws(ConversionError) -> [String: [String]] {
        switch output {
        case .classifier(let classifier):
            return write(classifier, suffix: "", to: &graph)
        case .classifiers(let classifiers):
            var labels: [String: [String]] = [:]
            for (index, classifier) in classifiers.enumerated() {
                labels.merge(write(classifier, suffix: "_\(index)", to: &graph)) { first, _ in first }
            }
            return labels
        case .regressor(let value, let targets):
            let value = targets == 1 ? graph.squeeze(value) : value
            write(value, "prediction", targets == 1 ? [rows] : [rows, .fixed(targets)], to: &graph)
        case .features(let input):
            if input.parts.allSatisfy({ $0.type == .bytes }) {
                let value = try input.matrix(.bytes, for: estimator, in: &graph)
                graph.output(value, as: "transformed", .bytes, [rows, .fixed(input.width)])
            } else {
                let value = try input.matrix(.float64, for: estimator, in: &graph)
                write(value, "transformed", [rows, .fixed(input.width)], to: &graph)
            }
        case .clusterer(let label, let scores, let columns):
            graph.output(label, as: "label", .int64, [rows])
            if let scores { write(scores, "scores", [rows, .fixed(columns)], to: &graph) }
        case .outlier(let label, let scores):
            graph.output(label, as: "label", .int64, [rows])
            write(scores, "scores", [rows], to: &graph)
        }
        return [:]
    }

    private static func write(
        _ classifier: SklearnClassifier, suffix: String, to graph: inout GraphBuilder
    ) -> [String: [String]] {
        let classes = classifier.classes
        graph.output(classifier.label(in: &graph), as: "label" + suffix, classes.elementType, [rows])
        if let probabilities = classifier.probabilities {
            write(probabilities, "probabilities" + suffix, [rows, .fixed(classes.count)], to: &graph)
            return ["probabilities" + suffix: classes.names]
        }
        guard let decision = classifier.decision else { return [:] }
        let width = classifier.decisionWidth
        if width == 1 {
            write(graph.squeeze(decision), "scores" + suffix, [rows], to: &graph)
            return [:]
        }
        write(decision, "scores" + suffix, [rows, .fixed(width)], to: &graph)
        return width == classes.count ? ["scores" + suffix: classes.names] : [:]
    }

    /// As float32.
    private static func write(
        _ value: String, _ name: String, _ shape: [Dimension], to graph: inout GraphBuilder
    ) {
        graph.output(graph.cast(value, to: .float32), as: name, .float32, shape)
    }
}
