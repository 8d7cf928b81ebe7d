// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// Trees whose leaves hold log-probabilities already: probabilities next to zero would not live through float32.
enum LogarithmTrees {
    /// `Σ (classes - 1) · (log p - mean log p)`: float64 `[N, classes]`.
    static func sum(
        _ parts: [SklearnContext], _ classes: SklearnClasses, _ estimator: SklearnContext, _ input: SklearnInput,
        _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let width = try estimator.featureCount()
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        var trees: [TreeEnsemble.Tree] = []
        for part in parts {
            let tree = try SklearnTree(of: part, features: width)
            guard try part.classes() == classes, tree.outputs == 1, tree.classes == classes.count else {
                throw part.malformed("its classes are not those of the estimator around it")
            }
            trees.append(tree.tree(rounding: false, leaf: logarithms))
        }
        // scikit-learn compares float32 features with float64 thresholds.
        let rows = graph.cast(try input.matrix(.float32, for: estimator, in: &graph), to: .float64)
        let ensemble = TreeEnsemble(trees: trees, targetCount: classes.count, comparison: .float64)
        return graph.cast(try graph.trees(ensemble, of: rows), to: .float64)
    }

    private static func logarithms(_ shares: ArraySlice<Double>) -> [Double] {
        let total = shares.reduce(0, +)
        let logarithms = shares.map { log(max(total == 0 ? $0 : $0 / total, Double.ulpOfOne)) }
        let mean = logarithms.reduce(0, +) / Double(logarithms.count)
        return logarithms.map { ($0 - mean) * Double(logarithms.count - 1) }
    }
}
