// SPDX-License-Identifier: Apache-2.0

/// Reads one tree.
enum XGBoostTreeReader {
    static func read(_ field: StructuredField) throws(FormatError) -> XGBoostModel.Tree {
        var tree = XGBoostModel.Tree()
        tree.left = try field.wholes("left_children")
        tree.right = try field.wholes("right_children")
        tree.features = try field.wholes("split_indices")
        tree.conditions = try field.floats("split_conditions")
        tree.defaultLeft = try field.flags("default_left")
        let count = tree.left.count
        guard tree.right.count == count, tree.features.count == count, tree.conditions.count == count,
            tree.defaultLeft.count == count
        else { throw field.malformed("the tree's lists differ in length") }
        let parameters = try field.member("tree_param")
        tree.leafSize = max(1, try parameters.whole("size_leaf_vector", default: 1))
        if tree.leafSize > 1 {
            let isSparse = field.value["leaf_weights"] != nil
            tree.leafVectors = try field.floats(isSparse ? "leaf_weights" : "base_weights")
            tree.hasVectorOfEachNode = !isSparse
        }
        if field.value["categories_nodes"] != nil { tree.categories = try categories(field, nodeCount: count) }
        return tree
    }

    private static func categories(_ field: StructuredField, nodeCount: Int) throws(FormatError) -> [Int: [Int]] {
        let nodes = try field.wholes("categories_nodes")
        let starts = try field.wholes("categories_segments")
        let sizes = try field.wholes("categories_sizes")
        let all = try field.wholes("categories")
        guard starts.count == nodes.count, sizes.count == nodes.count else {
            throw field.malformed("the lists of categories differ in length")
        }
        var result: [Int: [Int]] = [:]
        var total = 0
        for (index, node) in nodes.enumerated() {
            let (start, size) = (starts[index], sizes[index])
            guard (0..<nodeCount).contains(node), start >= 0, size >= 0, start <= all.count, size <= all.count - start,
                all[start..<(start + size)].allSatisfy({ $0 >= 0 && $0 < 1 << 24 }), result[node] == nil
            else { throw field.malformed("the categories of node \(node) lie outside their list") }
            // Segments that overlap would make a small file large.
            total += size
            guard total <= all.count else { throw field.malformed("the categories of nodes overlap") }
            result[node] = Array(all[start..<(start + size)])
        }
        return result
    }
}
