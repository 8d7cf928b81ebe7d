// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A `sklearn.tree._tree.Tree`: nodes as columns, and a value for each node, output and class.
package struct SklearnTree: Sendable {
    /// Fields of a node that are understood; a file with others splits in a way that is not.
    private static let knownFields: Set<String> = [
        "left_child", "right_child", "feature", "threshold", "impurity", "n_node_samples",
        "weighted_n_node_samples", "missing_go_to_left",
    ]

    /// Trees may be shared in a file, so that their sum is bounded before they are copied.
    package static let maximumNodeCount = 20_000_000

    package let left: [Int]
    package let right: [Int]
    package let feature: [Int]
    package let threshold: [Double]
    /// Empty in files of versions that knew no missing values.
    package let missingGoesLeft: [Bool]
    /// `[nodes, outputs, classes]`: counts or fractions for classifiers, means for regressors.
    package let values: SklearnArray
    package let outputs: Int
    package let classes: Int

    package var nodeCount: Int { left.count }
    package func isLeaf(_ node: Int) -> Bool { left[node] < 0 }
    /// Values of a node: `outputs × classes`.
    package func values(of node: Int) -> ArraySlice<Double> {
        values.values[node * outputs * classes..<(node + 1) * outputs * classes]
    }

    /// Reads the `tree_` of an estimator.
    package init(of estimator: SklearnContext, features: Int) throws(ConversionError) {
        let tree = try estimator.child(try estimator.require("tree_"), ".tree_")
        let nodes = try Nodes(tree)
        func whole(_ name: String) throws(ConversionError) -> [Int] { try nodes.integers(name) }
        left = try whole("left_child")
        right = try whole("right_child")
        feature = try whole("feature")
        threshold = try nodes.doubles("threshold")
        missingGoesLeft =
            nodes.names.contains("missing_go_to_left") ? try whole("missing_go_to_left").map { $0 != 0 } : []
        let unknown = Set(nodes.names).subtracting(Self.knownFields)
        guard unknown.isEmpty else {
            throw estimator.unsupported(
                "its tree's nodes have '\(unknown.sorted().joined(separator: "', '"))', "
                    + "which this version of Slipway does not know; save the model with an older scikit-learn")
        }
        values = try tree.array("values", shape: [left.count, nil, nil])
        outputs = values.shape[1]
        classes = values.shape[2]
        try check(tree, features: features)
    }

    /// Children come after their parents, so that a tree has no cycles, and features exist.
    private func check(_ tree: SklearnContext, features: Int) throws(ConversionError) {
        guard nodeCount > 0, outputs > 0, classes > 0 else { throw tree.malformed("the tree is empty") }
        let size = outputs.multipliedReportingOverflow(by: classes)
        guard !size.overflow, values.columns == size.partialValue, values.values.count % nodeCount == 0 else {
            throw tree.malformed("'values' has \(values.values.count) numbers for shape \(values.shape)")
        }
        for node in 0..<nodeCount where !isLeaf(node) {
            guard left[node] > node, right[node] > node, left[node] < nodeCount, right[node] < nodeCount else {
                throw tree.malformed("children of node \(node) are \(left[node]) and \(right[node])")
            }
            guard (0..<features).contains(feature[node]) else {
                throw tree.malformed("node \(node) compares feature \(feature[node]) of \(features)")
            }
        }
    }

    /// As a tree of an ensemble; `leaf` gives what a leaf adds to the targets.
    package func tree(rounding: Bool, leaf: (ArraySlice<Double>) -> [Double]) -> TreeEnsemble.Tree {
        var tree = TreeEnsemble.Tree()
        tree.nodes.reserveCapacity(nodeCount)
        for node in 0..<nodeCount {
            if isLeaf(node) {
                tree.nodes.append(.leaf(leaf(values(of: node))))
                continue
            }
            tree.nodes.append(
                .split(
                    feature: feature[node], test: .lessOrEqual,
                    threshold: rounding ? Self.roundedDown(threshold[node]) : threshold[node],
                    missingGoesLeft: node < missingGoesLeft.count && missingGoesLeft[node],
                    left: left[node], right: right[node]))
        }
        return tree
    }

    /// The greatest float32 that is not above a threshold: `(float32)x <= threshold` for the same `x`.
    package static func roundedDown(_ threshold: Double) -> Double {
        let rounded = Float(threshold)
        return Double(Double(rounded) > threshold ? rounded.nextDown : rounded)
    }

    /// The record array of a tree's nodes.
    private struct Nodes {
        let tree: SklearnContext
        let array: NumpyArray
        let names: [String]

        init(_ tree: SklearnContext) throws(ConversionError) {
            self.tree = tree
            guard let array = try tree.require("nodes").array, array.shape.count == 1, !array.fieldNames.isEmpty else {
                throw tree.malformed("'nodes' is not an array of records")
            }
            self.array = array
            names = array.fieldNames
        }

        func field(_ name: String) throws(ConversionError) -> NumpyArray {
            if let field = array.field(name) { return field }
            throw tree.malformed("nodes have no field '\(name)'")
        }

        func integers(_ name: String) throws(ConversionError) -> [Int] {
            let field = try field(name)
            do { return try field.integers().map { Int($0) } } catch {
                throw ConversionError(
                    .malformed, "field '\(name)' holds no whole numbers", at: tree.location, cause: error)
            }
        }

        func doubles(_ name: String) throws(ConversionError) -> [Double] {
            let field = try field(name)
            do { return try field.doubles() } catch {
                throw ConversionError(.malformed, "field '\(name)' holds no numbers", at: tree.location, cause: error)
            }
        }
    }
}
