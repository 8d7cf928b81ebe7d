// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Makes a LightGBM tree in the common shape: left where `x <= threshold`, in float64.
struct LightGBMTreeMaker {
    /// What LightGBM takes for zero: `1e-35` as a float32. It drops smaller numbers, and this one, from rows before
    /// trees see them.
    private static let zero = Double(Float(1e-35))

    private let tree: LightGBMModel.Tree
    private let featureCount: Int
    private var nodes: [TreeEnsemble.Node] = []
    private var splitPlaces: [Int]
    private var leafPlaces: [Int]
    private var pending: [Int] = []
    private(set) var categorical: Set<Int> = []

    init(_ tree: LightGBMModel.Tree, featureCount: Int) {
        self.tree = tree
        self.featureCount = featureCount
        splitPlaces = [Int](repeating: -1, count: tree.left.count)
        leafPlaces = [Int](repeating: -1, count: tree.leafValues.count)
    }

    mutating func make() throws(ConversionError) -> TreeEnsemble.Tree {
        guard !tree.isLinear else {
            throw ConversionError(
                .unsupported,
                "linear leaves (linear_tree) are not converted; train with linear_tree=false and some more trees"
            )
        }
        // A tree of one leaf has no lists of splits.
        _ = try place(tree.leafValues.count > 1 ? 0 : -1)
        while let id = pending.popLast() { try split(id) }
        var result = TreeEnsemble.Tree()
        result.nodes = nodes
        return result
    }

    /// Gives a split, or a leaf where `id` is negative, its place.
    private mutating func place(_ id: Int) throws(ConversionError) -> Int {
        let place = nodes.count
        if id < 0 {
            let leaf = ~id
            guard leafPlaces.indices.contains(leaf), leafPlaces[leaf] < 0 else {
                throw ConversionError(.malformed, "leaf \(leaf) is not there, or a child of two nodes")
            }
            leafPlaces[leaf] = place
            nodes.append(.leaf([tree.leafValues[leaf]]))
            return place
        }
        guard splitPlaces.indices.contains(id), splitPlaces[id] < 0 else {
            throw ConversionError(.malformed, "split \(id) is not there, or a child of two nodes")
        }
        splitPlaces[id] = place
        nodes.append(.leaf([]))
        pending.append(id)
        return place
    }

    private mutating func split(_ id: Int) throws(ConversionError) {
        let feature = tree.features[id]
        guard (0..<featureCount).contains(feature) else {
            throw ConversionError(.malformed, "split \(id) is on feature \(feature) of \(featureCount)")
        }
        guard let missing = tree.missing(id) else {
            throw ConversionError(.malformed, "split \(id) has the unknown decision type \(tree.decisions[id])")
        }
        let left = try place(tree.left[id])
        let right = try place(tree.right[id])
        let place = splitPlaces[id]
        if tree.isCategorical(id) {
            guard let categories = tree.categories(id) else {
                throw ConversionError(.malformed, "the categories of split \(id) are not there")
            }
            categorical.insert(feature)
            // Numbers that are not in the set, negative ones and NaN go right.
            return TreeChain.append(
                .init(feature: feature, categories: categories, missingIsMember: false),
                members: left, others: right, at: place, to: &nodes)
        }
        let threshold = tree.thresholds[id]
        let test = { (test: TreeEnsemble.Test, threshold: Double, missing: Bool, left: Int, right: Int) in
            TreeEnsemble.Node.split(
                feature: feature, test: test, threshold: threshold, missingGoesLeft: missing, left: left, right: right)
        }
        switch missing {
        case .nan, .none:
            let missingGoesLeft = missing == .nan ? tree.defaultsLeft(id) : 0 <= threshold
            if threshold < 0, threshold >= -Self.zero {
                nodes[place] = test(.less, -Self.zero, missingGoesLeft, left, right)
            } else {
                let threshold = threshold < 0 ? threshold : max(threshold, Self.zero)
                nodes[place] = test(.lessOrEqual, threshold, missingGoesLeft, left, right)
            }
        case .zero: splitWithoutZero(threshold, tree.defaultsLeft(id), left, right, at: place, test)
        }
    }

    /// A split in which zeros, and NaN with them, go where missing values go.
    ///
    /// A child that two tests share is the right one of at most one of them: ONNX Runtime wants that.
    private mutating func splitWithoutZero(
        _ threshold: Double, _ goesLeft: Bool, _ left: Int, _ right: Int, at place: Int,
        _ test: (TreeEnsemble.Test, Double, Bool, Int, Int) -> TreeEnsemble.Node
    ) {
        let zero = Self.zero
        if goesLeft, threshold < -zero {
            let (second, third) = (nodes.count, nodes.count + 1)
            nodes.append(test(.less, -zero, false, right, third))
            nodes.append(test(.lessOrEqual, zero, true, left, right))
            nodes[place] = test(.lessOrEqual, threshold, true, left, second)
        } else if goesLeft {
            nodes[place] = test(.lessOrEqual, max(threshold, zero), true, left, right)
        } else if threshold < -zero {
            nodes[place] = test(.lessOrEqual, threshold, false, left, right)
        } else if threshold < zero {
            nodes[place] = test(.less, -zero, false, left, right)
        } else {
            let (second, third) = (nodes.count, nodes.count + 1)
            nodes.append(test(.lessOrEqual, zero, true, right, third))
            nodes.append(test(.lessOrEqual, threshold, false, left, right))
            nodes[place] = test(.less, -zero, false, left, second)
        }
    }
}
