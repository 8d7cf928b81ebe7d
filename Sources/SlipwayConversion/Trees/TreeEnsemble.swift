// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decision trees of any framework in one shape, before they are written as ONNX.
package struct TreeEnsemble: Sendable {
    package struct Tree: Sendable {
        /// The first node is the root.
        package var nodes: [Node] = []

        package init() {}
    }

    package enum Test: Sendable, Hashable {
        /// Left where `x <= threshold`.
        case lessOrEqual
        /// Left where `x < threshold`.
        case less
        /// Left where `x == threshold`.
        case equal
    }

    package enum Node: Sendable {
        /// - Parameters:
        ///   - missingGoesLeft: Where NaN goes.
        ///   - left: Index of a node of the same tree; so is `right`.
        case split(
            feature: Int, test: Test, threshold: Double, missingGoesLeft: Bool, left: Int, right: Int)
        /// What the leaf adds to each target, or the one target that its tree is for.
        case leaf([Double])
    }

    package enum Aggregate: Sendable { case sum, average }

    package var trees: [Tree]
    /// For trees that add to one target each: which one. Empty where every leaf has a value for every target.
    package var targetOfTree: [Int]
    package var targetCount: Int
    /// Added to each target.
    package var base: [Double]
    package var aggregate: Aggregate
    /// What features are compared in; thresholds are exact in it (the makers of trees round them as their framework
    /// compares).
    package var comparison: ElementType

    package init(
        trees: [Tree], targetOfTree: [Int] = [], targetCount: Int, base: [Double] = [],
        aggregate: Aggregate = .sum, comparison: ElementType
    ) {
        self.trees = trees
        self.targetOfTree = targetOfTree
        self.targetCount = targetCount
        self.base = base
        self.aggregate = aggregate
        self.comparison = comparison
    }
}
