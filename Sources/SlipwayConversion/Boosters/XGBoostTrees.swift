// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// XGBoost's trees in the common shape: left where `x < condition`, in float32.
enum XGBoostTrees {
    static func ensemble(
        _ file: XGBoostModel, count: Int, base: [Double], categorical: inout Set<Int>
    ) throws(ConversionError) -> TreeEnsemble {
        let hasVectors = file.trees.contains { $0.leafSize > 1 }
        guard file.treeWeights.isEmpty || file.treeWeights.count == file.trees.count else {
            throw ConversionError(
                .malformed, "there are \(file.treeWeights.count) weights for \(file.trees.count) trees",
                at: "learner.gradient_booster.weight_drop")
        }
        guard file.treeOutputs.count == file.trees.count,
            file.treeOutputs.allSatisfy({ (0..<file.outputCount).contains($0) })
        else {
            throw ConversionError(
                .malformed, "'tree_info' names outputs that are not there",
                at: "learner.gradient_booster.model.tree_info")
        }
        var trees: [TreeEnsemble.Tree] = []
        for index in 0..<count {
            let weight = file.treeWeights.isEmpty ? 1 : file.treeWeights[index]
            do throws(ConversionError) {
                var maker = XGBoostTreeMaker(file.trees[index], weight: weight, file)
                guard hasVectors == (maker.tree.leafSize > 1), !hasVectors || maker.tree.leafSize == file.outputCount
                else {
                    throw ConversionError(
                        .malformed, "leaves have \(maker.tree.leafSize) values for \(file.outputCount) outputs")
                }
                trees.append(try maker.make())
                categorical.formUnion(maker.categorical)
            } catch {
                throw error.located("trees[\(index)]")
            }
        }
        return TreeEnsemble(
            trees: trees, targetOfTree: hasVectors || file.outputCount == 1 ? [] : Array(file.treeOutputs[..<count]),
            targetCount: file.outputCount, base: base, comparison: .float32)
    }
}

/// Makes one tree; nodes that were pruned away are left out.
private struct XGBoostTreeMaker {
    let tree: XGBoostModel.Tree
    private let weight: Float
    private let featureCount: Int
    private var nodes: [TreeEnsemble.Node] = []
    /// Where nodes of the file stand; -1 for those not seen yet.
    private var places: [Int]
    private var pending: [Int] = []
    /// Leaves of several values that were read.
    private var rows: Set<Int> = []
    private(set) var categorical: Set<Int> = []

    init(_ tree: XGBoostModel.Tree, weight: Float, _ file: XGBoostModel) {
        self.tree = tree
        self.weight = weight
        featureCount = file.featureCount
        places = [Int](repeating: -1, count: tree.nodeCount)
    }

    mutating func make() throws(ConversionError) -> TreeEnsemble.Tree {
        guard tree.nodeCount > 0 else { throw ConversionError(.malformed, "the tree has no nodes") }
        _ = try place(0)
        while let id = pending.popLast() {
            if tree.left[id] < 0 {
                nodes[places[id]] = .leaf(try leaf(id))
            } else {
                try split(id)
            }
        }
        var result = TreeEnsemble.Tree()
        result.nodes = nodes
        return result
    }

    /// Gives a node of the file its place.
    private mutating func place(_ id: Int) throws(ConversionError) -> Int {
        guard places.indices.contains(id), places[id] < 0 else {
            throw ConversionError(.malformed, "node \(id) is a child that is not there, or of two nodes")
        }
        places[id] = nodes.count
        nodes.append(.leaf([]))
        pending.append(id)
        return places[id]
    }

    private mutating func leaf(_ id: Int) throws(ConversionError) -> [Double] {
        guard tree.leafSize > 1 else { return [Double(tree.conditions[id] * weight)] }
        let row = tree.hasVectorOfEachNode ? id : tree.right[id]
        let (start, over) = row.multipliedReportingOverflow(by: tree.leafSize)
        guard !over, start >= 0, start <= tree.leafVectors.count - tree.leafSize else {
            throw ConversionError(.malformed, "leaf \(id) has no values")
        }
        // A small file could ask for all memory by leaves that share their values.
        guard rows.insert(row).inserted else {
            throw ConversionError(.malformed, "leaf \(id) has the values of another leaf")
        }
        return tree.leafVectors[start..<(start + tree.leafSize)].map { Double($0 * weight) }
    }

    private mutating func split(_ id: Int) throws(ConversionError) {
        let feature = tree.features[id]
        guard (0..<featureCount).contains(feature) else {
            throw ConversionError(.malformed, "node \(id) splits on feature \(feature) of \(featureCount)")
        }
        let left = try place(tree.left[id])
        let right = try place(tree.right[id])
        guard let categories = tree.categories[id] else {
            nodes[places[id]] = .split(
                feature: feature, test: .less, threshold: Double(tree.conditions[id]),
                missingGoesLeft: tree.defaultLeft[id], left: left, right: right)
            return
        }
        categorical.insert(feature)
        // Categories of the set go right, all other values left.
        TreeChain.append(
            TreeChain.Membership(feature: feature, categories: categories, missingIsMember: !tree.defaultLeft[id]),
            members: right, others: left, at: places[id], to: &nodes)
    }
}
