// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// IsolationForest: how soon random trees part a row from the others.
///
/// Liu, Ting and Zhou, Isolation-based anomaly detection, 2012: `2 ^ (-E[depth] / c(samples))`.
enum IsolationForests: SklearnEstimator {
    static let names = ["IsolationForest"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float32, width: try estimator.featureCount())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        let (trees, largest) = try trees(estimator, width: width)
        graph.describeStep("\(width) features, \(trees.count) trees")
        let samples = try estimator.integer(estimator.either("_max_samples", "max_samples_"))
        let expected = Double(trees.count) * averagePath(samples)
        // scikit-learn compares float32 features with float64 thresholds.
        let rows = graph.cast(try input.matrix(.float32, for: estimator, in: &graph), to: .float64)
        let ensemble = TreeEnsemble(trees: split(trees, largest), targetCount: 2, comparison: .float64)
        let parts = graph.cast(try graph.trees(ensemble, of: rows), to: .float64)
        let depth = graph.rowSums(parts)
        let scores =
            expected == 0
            ? graph.double(-0.5)
            : graph.negate(
                graph.node("Pow", [graph.double(2), graph.divide(depth, graph.double(-expected))]))
        let decision = graph.squeeze(graph.subtract(scores, graph.double(try estimator.double("offset_"))))
        let isOut = graph.node("Less", [decision, graph.double(0)])
        let label = graph.choose(isOut, graph.integers([-1], []), graph.integers([1], []))
        return .outlier(label: label, scores: decision)
    }

    /// Each leaf holds its depth and what a tree grown on from there would have added; and the greatest sum.
    private static func trees(
        _ estimator: SklearnContext, width: Int
    ) throws(ConversionError) -> (trees: [TreeEnsemble.Tree], largest: Double) {
        let inner = try estimator.fittedEstimators()
        let chosen = estimator.optional("estimators_features_") == nil ? [] : try estimator.list("estimators_features_")
        var trees: [TreeEnsemble.Tree] = []
        var largest = 0.0
        for (index, part) in inner.enumerated() {
            var columns = Array(0..<width)
            if index < chosen.count {
                columns = try estimator.wholeNumbers(chosen[index], "estimators_features_[\(index)]")
            }
            guard columns.allSatisfy({ 0..<width ~= $0 }) else {
                throw estimator.malformed("'estimators_features_[\(index)]' names a column that is not there")
            }
            let (tree, deepest) = try tree(part, columns)
            trees.append(tree)
            largest += deepest
        }
        return (trees, largest)
    }

    private static func tree(
        _ part: SklearnContext, _ columns: [Int]
    ) throws(ConversionError) -> (tree: TreeEnsemble.Tree, deepest: Double) {
        let source = try SklearnTree(of: part, features: columns.count)
        let inner = try part.estimator("tree_")
        guard let field = try inner.require("nodes").array?.field("n_node_samples"),
            let samples = try? field.integers(), samples.count == source.nodeCount
        else { throw part.malformed("nodes of its tree do not say how many samples they have") }
        var tree = source.tree(rounding: false) { _ in [0, 0] }
        var depths = [Int](repeating: 0, count: source.nodeCount)
        var deepest = 0.0
        for node in 0..<source.nodeCount {
            guard case .split(let feature, let test, let threshold, let missing, let left, let right) = tree.nodes[node]
            else {
                let path = Double(depths[node]) + averagePath(Int(samples[node]))
                deepest = max(deepest, path)
                tree.nodes[node] = .leaf([path, 0])
                continue
            }
            depths[left] = depths[node] + 1
            depths[right] = depths[node] + 1
            tree.nodes[node] = .split(
                feature: columns[feature], test: test, threshold: threshold, missingGoesLeft: missing, left: left,
                right: right)
        }
        return (tree, deepest)
    }

    /// Sums come as float32: values are split so that the sum of the first parts is exact in it.
    private static func split(_ trees: [TreeEnsemble.Tree], _ largest: Double) -> [TreeEnsemble.Tree] {
        let step = exp2(log2(max(largest, 1)).rounded(.up) - 23)
        return trees.map { tree in
            var tree = tree
            for index in tree.nodes.indices {
                guard case .leaf(let values) = tree.nodes[index] else { continue }
                let coarse = (values[0] / step).rounded(.down) * step
                tree.nodes[index] = .leaf([coarse, values[0] - coarse])
            }
            return tree
        }
    }

    /// The mean depth of a leaf in a tree of so many samples, parted at random.
    private static func averagePath(_ samples: Int) -> Double {
        guard samples > 1 else { return 0 }
        guard samples > 2 else { return 1 }
        let count = Double(samples)
        let eulerGamma = 0.577_215_664_901_532_9
        return 2 * (log(count - 1) + eulerGamma) - 2 * (count - 1) / count
    }
}
