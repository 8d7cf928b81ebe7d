// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A tree of histogram gradient boosting: a `TreePredictor`.
struct HistTree {
    /// Fields of a node that are understood; a file with others splits in a way that is not.
    private static let knownFields: Set<String> = [
        "value", "count", "feature_idx", "num_threshold", "threshold", "missing_go_to_left", "left", "right", "gain",
        "depth", "is_leaf", "bin_threshold", "is_categorical", "bitset_idx",
    ]
    /// More nodes than this would come of a few large categorical splits.
    private static let maximumNodeCount = 1 << 22

    private let predictor: SklearnContext
    private let fields: [String: [Double]]
    private let count: Int
    /// Categories that go left, 256 bits a split.
    private let bitsets: [UInt32]

    var nodeCount: Int { count }

    init(_ predictor: SklearnContext) throws(ConversionError) {
        self.predictor = predictor
        guard let nodes = try predictor.require("nodes").array, nodes.shape.count == 1, nodes.count > 0 else {
            throw predictor.malformed("'nodes' is not an array of records")
        }
        let unknown = Set(nodes.fieldNames).subtracting(Self.knownFields)
        guard unknown.isEmpty else {
            throw predictor.unsupported(
                "its nodes have '\(unknown.sorted().joined(separator: "', '"))', "
                    + "which this version of Slipway does not know; save the model with an older scikit-learn")
        }
        var fields: [String: [Double]] = [:]
        for name in nodes.fieldNames where name != "count" && name != "gain" && name != "depth" {
            guard let field = nodes.field(name) else { continue }
            do { fields[name] = try field.doubles() } catch {
                throw ConversionError(
                    .malformed, "field '\(name)' holds no numbers", at: predictor.location, cause: error)
            }
        }
        fields["num_threshold"] = fields["num_threshold"] ?? fields["threshold"]
        for name in ["value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "is_leaf"]
        where fields[name]?.count != nodes.count {
            throw predictor.malformed("nodes have no field '\(name)'")
        }
        self.fields = fields
        count = nodes.count
        bitsets =
            predictor.optional("raw_left_cat_bitsets") == nil
            ? [] : try predictor.numbers("raw_left_cat_bitsets").values.map { UInt32(exactly: $0) ?? 0 }
    }

    private func value(_ name: String, _ node: Int) -> Double { fields[name]?[node] ?? 0 }

    /// An index; the field's type is the file's, so that it may hold anything.
    private func index(_ name: String, _ node: Int) -> Int { Int(exactly: value(name, node)) ?? -1 }

    /// As a tree of an ensemble.
    ///
    /// - Parameter categories: Known categories of features that have categories.
    func tree(features: Int, categories: [Int: [Int]]) throws(ConversionError) -> TreeEnsemble.Tree {
        var tree = TreeEnsemble.Tree()
        // Splits by category become several nodes, which are put behind the others.
        tree.nodes = Array(repeating: .leaf([0]), count: count)
        for node in 0..<count {
            guard value("is_leaf", node) == 0 else {
                tree.nodes[node] = .leaf([value("value", node)])
                continue
            }
            let left = index("left", node)
            let right = index("right", node)
            let feature = index("feature_idx", node)
            guard left > node, right > node, left < count, right < count else {
                throw predictor.malformed("children of node \(node) are \(left) and \(right)")
            }
            guard (0..<features).contains(feature) else {
                throw predictor.malformed("node \(node) compares feature \(feature) of \(features)")
            }
            let missingGoesLeft = value("missing_go_to_left", node) != 0
            guard value("is_categorical", node) != 0 else {
                tree.nodes[node] = .split(
                    feature: feature, test: .lessOrEqual, threshold: value("num_threshold", node),
                    missingGoesLeft: missingGoesLeft, left: left, right: right)
                continue
            }
            // What is not known goes where missing values go, so the other side's categories are named.
            let isLeft = try leftCategories(of: node)
            let known = categories[feature] ?? Array(0..<256)
            let named = known.filter { isLeft[$0] != missingGoesLeft }
            let target = missingGoesLeft ? right : left
            let otherwise = missingGoesLeft ? left : right
            try append(named, feature: feature, at: node, target: target, otherwise: otherwise, to: &tree)
        }
        return tree
    }

    /// A chain of comparisons: any of the categories leads to `target`.
    private func append(
        _ named: [Int], feature: Int, at node: Int, target: Int, otherwise: Int, to tree: inout TreeEnsemble.Tree
    ) throws(ConversionError) {
        guard tree.nodes.count + named.count <= Self.maximumNodeCount else {
            throw ConversionError(
                .limitExceeded, "splits by category make more than \(Self.maximumNodeCount) nodes",
                at: predictor.location)
        }
        var place = node
        for (index, category) in named.enumerated() {
            let isLast = index == named.count - 1
            let next = isLast ? otherwise : tree.nodes.count
            if !isLast { tree.nodes.append(.leaf([0])) }
            tree.nodes[place] = .split(
                feature: feature, test: .equal, threshold: Double(category), missingGoesLeft: false, left: target,
                right: next)
            place = next
        }
        if named.isEmpty {
            // No value is named: whatever comes goes the other way.
            tree.nodes[node] = .split(
                feature: feature, test: .equal, threshold: .greatestFiniteMagnitude, missingGoesLeft: false,
                left: target, right: otherwise)
        }
    }

    private func leftCategories(of node: Int) throws(ConversionError) -> [Bool] {
        let set = index("bitset_idx", node)
        guard (0..<bitsets.count / 8).contains(set) else {
            throw predictor.malformed("node \(node) names a set of categories that is not there")
        }
        return (0..<256).map { bitsets[set * 8 + $0 / 32] >> UInt32($0 % 32) & 1 == 1 }
    }
}
