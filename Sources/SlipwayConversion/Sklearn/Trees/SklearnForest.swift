// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Trees whose leaves are averaged: single trees and forests, for classes or for numbers.
package struct SklearnForest: Sendable {
    package let trees: [SklearnTree]
    package let width: Int
    /// Whether every leaf holds one class only, so that sums of float32 are exact.
    private let isPure: Bool

    /// - Parameter isClassifier: Whether values are shares of classes.
    package init(_ trees: [SklearnTree], width: Int, isClassifier: Bool) {
        self.trees = trees
        self.width = width
        isPure =
            isClassifier
            && trees.allSatisfy { tree in
                (0..<tree.nodeCount).allSatisfy { node in
                    !tree.isLeaf(node) || tree.values(of: node).reduce(0) { $0 + ($1 == 0 ? 0 : 1) } == tree.outputs
                }
            }
    }

    package var nodeCount: Int { trees.reduce(0) { $0 + $1.nodeCount } }

    /// Shares of classes for each output, float64 `[N, classes of it]`.
    ///
    /// - Parameter classes: Number of classes of each output.
    package func addShares(
        classes: [Int], _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> [String] {
        for tree in trees where tree.outputs != classes.count || tree.classes != classes.max() {
            throw estimator.malformed(
                "a tree has \(tree.outputs) outputs of \(tree.classes) classes where \(classes) are wanted")
        }
        // One number says all about two classes.
        let isBinary = classes == [2]
        let stride = classes.max() ?? 0
        let sums = try add(estimator, input: input, targets: isBinary ? 1 : classes.reduce(0, +), to: &graph) {
            values in
            var shares: [Double] = []
            for (output, count) in classes.enumerated() {
                let start = values.startIndex + output * stride
                let own = values[start..<start + count]
                let total = own.reduce(0, +)
                shares += own.map { total == 0 ? $0 : $0 / total }
            }
            return isBinary ? [shares[1]] : shares
        }
        if isBinary { return [graph.withComplement(sums)] }
        guard classes.count > 1 else { return [sums] }
        var start = 0
        var result: [String] = []
        for count in classes {
            result.append(graph.columns(sums, Array(start..<start + count)))
            start += count
        }
        return result
    }

    /// The mean of leaves, float64 `[N, outputs]`.
    package func addMeans(
        _ estimator: SklearnContext, input: SklearnInput, outputs: Int, to graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        for tree in trees where tree.outputs != outputs || tree.classes != 1 {
            throw estimator.malformed("a tree has \(tree.outputs) outputs where \(outputs) are wanted")
        }
        return try add(estimator, input: input, targets: outputs, to: &graph) { Array($0) }
    }

    private func add(
        _ estimator: SklearnContext, input: SklearnInput, targets: Int, to graph: inout GraphBuilder,
        leaf: (ArraySlice<Double>) -> [Double]
    ) throws(ConversionError) -> String {
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        // scikit-learn compares float32 features with float64 thresholds. Exact sums allow the faster float32 trees
        // with thresholds rounded down; otherwise features, rounded to float32, are compared and summed as float64.
        let isFast = isPure || trees.count == 1
        var value = try input.matrix(.float32, for: estimator, in: &graph)
        if !isFast { value = graph.cast(value, to: .float64) }
        let ensemble = TreeEnsemble(
            trees: trees.map { $0.tree(rounding: isFast, leaf: leaf) }, targetCount: targets,
            aggregate: trees.count == 1 ? .sum : .average, comparison: isFast ? .float32 : .float64)
        return graph.cast(try graph.trees(ensemble, of: value), to: .float64)
    }
}
