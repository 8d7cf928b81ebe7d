// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// An ensemble as the parallel lists of `TreeEnsembleRegressor` (ai.onnx.ml 3).
///
/// Operator: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
struct TreeTable {
    /// ONNX Runtime follows the levels of a tree by recursion when it loads one.
    static let maximumDepth = 4096
    /// More would not fit into a protobuf message.
    static let maximumNodeCount = 16_000_000

    private let ensemble: TreeEnsemble
    private let isDouble: Bool

    private var treeIDs: [Int] = []
    private var nodeIDs: [Int] = []
    private var features: [Int] = []
    private var modes: [String] = []
    private var thresholds: [Double] = []
    private var trueIDs: [Int] = []
    private var falseIDs: [Int] = []
    private var missingTrue: [Int] = []
    private var leafTrees: [Int] = []
    private var leafNodes: [Int] = []
    private var leafTargets: [Int] = []
    private var leafWeights: [Double] = []

    init(_ ensemble: TreeEnsemble) throws(ConversionError) {
        guard ensemble.comparison == .float32 || ensemble.comparison == .float64 else {
            throw ConversionError(.malformed, "trees compare in float32 or float64, not \(ensemble.comparison)")
        }
        guard ensemble.targetCount > 0, ensemble.base.isEmpty || ensemble.base.count == ensemble.targetCount,
            ensemble.targetOfTree.isEmpty || ensemble.targetOfTree.count == ensemble.trees.count,
            ensemble.targetOfTree.allSatisfy({ (0..<ensemble.targetCount).contains($0) })
        else {
            throw ConversionError(.malformed, "the trees' targets and base values do not fit one another")
        }
        self.ensemble = ensemble
        isDouble = ensemble.comparison == .float64
        let count = ensemble.trees.reduce(0) { $0 + $1.nodes.count }
        guard count <= Self.maximumNodeCount else {
            throw ConversionError(
                .limitExceeded, "the trees have \(count) nodes; at most \(Self.maximumNodeCount) fit into an ONNX file")
        }
        reserve(count)
        // The operator needs a tree.
        if ensemble.trees.isEmpty { appendLeaf([], of: nil, tree: 0, node: 0) }
        for (index, tree) in ensemble.trees.enumerated() {
            do throws(ConversionError) {
                try append(tree, index)
            } catch {
                throw error.located("trees[\(index)]")
            }
        }
    }

    private mutating func reserve(_ count: Int) {
        treeIDs.reserveCapacity(count)
        nodeIDs.reserveCapacity(count)
        features.reserveCapacity(count)
        modes.reserveCapacity(count)
        thresholds.reserveCapacity(count)
        trueIDs.reserveCapacity(count)
        falseIDs.reserveCapacity(count)
        missingTrue.reserveCapacity(count)
    }

    private mutating func append(_ tree: TreeEnsemble.Tree, _ index: Int) throws(ConversionError) {
        try TreeShape.check(tree, maximumDepth: Self.maximumDepth)
        let target = ensemble.targetOfTree.isEmpty ? nil : ensemble.targetOfTree[index]
        for (id, node) in tree.nodes.enumerated() {
            switch node {
            case .leaf(let values):
                guard values.count == (target == nil ? ensemble.targetCount : 1) else {
                    throw ConversionError(
                        .malformed, "leaf \(id) has \(values.count) values for \(ensemble.targetCount) targets")
                }
                appendLeaf(values, of: target, tree: index, node: id)
            case .split(let feature, let test, let threshold, let missingGoesLeft, let left, let right):
                guard feature >= 0 else { throw ConversionError(.malformed, "node \(id) has no feature") }
                treeIDs.append(index)
                nodeIDs.append(id)
                features.append(feature)
                switch test {
                case .lessOrEqual: modes.append("BRANCH_LEQ")
                case .less: modes.append("BRANCH_LT")
                case .equal: modes.append("BRANCH_EQ")
                }
                thresholds.append(threshold)
                trueIDs.append(left)
                falseIDs.append(right)
                missingTrue.append(missingGoesLeft ? 1 : 0)
            }
        }
    }

    private mutating func appendLeaf(_ values: [Double], of target: Int?, tree: Int, node: Int) {
        treeIDs.append(tree)
        nodeIDs.append(node)
        features.append(0)
        modes.append("LEAF")
        thresholds.append(0)
        trueIDs.append(0)
        falseIDs.append(0)
        missingTrue.append(0)
        var isWritten = false
        for (offset, value) in values.enumerated() where value != 0 {
            appendWeight(value, target: target ?? offset, tree: tree, node: node)
            isWritten = true
        }
        // Zeros need not be added, but every leaf needs an entry.
        if !isWritten { appendWeight(0, target: target ?? 0, tree: tree, node: node) }
    }

    private mutating func appendWeight(_ value: Double, target: Int, tree: Int, node: Int) {
        leafTrees.append(tree)
        leafNodes.append(node)
        leafTargets.append(target)
        leafWeights.append(value)
    }

    consuming func attributes() -> [String: ONNXAttribute.Value] {
        var result: [String: ONNXAttribute.Value] = [
            "nodes_treeids": .ints(treeIDs), "nodes_nodeids": .ints(nodeIDs), "nodes_featureids": .ints(features),
            "nodes_modes": .strings(modes), "nodes_truenodeids": .ints(trueIDs), "nodes_falsenodeids": .ints(falseIDs),
            "target_treeids": .ints(leafTrees), "target_nodeids": .ints(leafNodes), "target_ids": .ints(leafTargets),
            "n_targets": .int(ensemble.targetCount), "post_transform": .string("NONE"),
            "aggregate_function": .string(ensemble.aggregate == .average ? "AVERAGE" : "SUM"),
        ]
        if missingTrue.contains(1) { result["nodes_missing_value_tracks_true"] = .ints(missingTrue) }
        let base = ensemble.base.contains { $0 != 0 } ? ensemble.base : []
        if isDouble {
            result["nodes_values_as_tensor"] = .tensor(ONNXTensor(thresholds))
            result["target_weights_as_tensor"] = .tensor(ONNXTensor(leafWeights))
            if !base.isEmpty { result["base_values_as_tensor"] = .tensor(ONNXTensor(base)) }
        } else {
            result["nodes_values"] = .floats(thresholds.map { Float($0) })
            result["target_weights"] = .floats(leafWeights.map { Float($0) })
            if !base.isEmpty { result["base_values"] = .floats(base.map { Float($0) }) }
        }
        return result
    }
}
