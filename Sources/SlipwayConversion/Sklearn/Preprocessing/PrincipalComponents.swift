// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Projections on principal components: `(x - mean) · componentsᵀ`.
enum PrincipalComponents: SklearnEstimator {
    static let names = ["PCA", "IncrementalPCA"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let components = try estimator.array("components_", shape: [nil, width])
        guard components.rows > 0 else { throw estimator.malformed("it has no components") }
        graph.describeStep("\(width) features, \(components.rows) components")
        var value = try input.numbers(width: width, for: estimator, in: &graph)
        if let mean = try estimator.optionalArray("mean_", shape: [width]) {
            value = graph.subtract(value, graph.doubles(mean.values))
        }
        let zeros = Array(repeating: 0.0, count: components.rows)
        value = graph.affine(value, weights: components, bias: zeros)
        if estimator.bool("whiten", default: false) {
            let variance = try estimator.array("explained_variance_", shape: [components.rows]).values
            // Components without variance are divided by the machine's epsilon, as scikit-learn does since 1.3.
            let least = estimator.version >= SklearnVersion(1, 3) ? Double.ulpOfOne : 0
            value = graph.divide(value, graph.doubles(variance.map { max($0.squareRoot(), least) }))
        }
        return .features(SklearnInput(value, .float64, width: components.rows))
    }
}
