// SPDX-License-Identifier: Apache-2.0

/// Checks that nodes are a tree an engine can load.
enum TreeShape {
    /// Walks a tree from its root, level by level.
    ///
    /// Every node must be reached, and in one way only but for the left one of equality tests and of tests that
    /// share it on purpose: ONNX Runtime lays the right node out behind its parent, so that has one parent.
    ///
    /// - Throws: ``ConversionError`` `malformed` for children that are no nodes, cycles and orphans,
    ///   `limitExceeded` for too many levels.
    static func check(_ tree: TreeEnsemble.Tree, maximumDepth: Int) throws(ConversionError) {
        let count = tree.nodes.count
        guard count > 0 else { throw ConversionError(.malformed, "the tree has no nodes") }
        var parents = [Int32](repeating: 0, count: count)
        var rightParents = [Bool](repeating: false, count: count)
        for (id, node) in tree.nodes.enumerated() {
            guard case .split(_, _, _, _, let left, let right) = node else { continue }
            guard (1..<count).contains(left), (1..<count).contains(right), left != right else {
                throw ConversionError(.malformed, "node \(id) has the children \(left) and \(right) of \(count) nodes")
            }
            guard !rightParents[right] else {
                throw ConversionError(.malformed, "node \(right) is the right child of two nodes")
            }
            rightParents[right] = true
            parents[left] &+= 1
            parents[right] &+= 1
        }
        // In topological order, so that a node's depth is the longest way to it; what lies on a cycle is never reached.
        var depths = [Int32](repeating: 0, count: count)
        var ready = [0]
        var done = 0
        while let id = ready.popLast() {
            done += 1
            guard case .split(_, _, _, _, let left, let right) = tree.nodes[id] else { continue }
            let depth = depths[id] &+ 1
            guard depth < maximumDepth else {
                throw ConversionError(
                    .limitExceeded, "the tree has more than \(maximumDepth) levels, which no engine follows")
            }
            for child in [left, right] {
                depths[child] = max(depths[child], depth)
                parents[child] &-= 1
                if parents[child] == 0 { ready.append(child) }
            }
        }
        guard done == count else {
            throw ConversionError(.malformed, "\(count - done) nodes of the tree are not reached from its root")
        }
    }
}
