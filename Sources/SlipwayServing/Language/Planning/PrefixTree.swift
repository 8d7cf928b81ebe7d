// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// What the KV cache holds: a radix tree whose nodes are runs of cells.
///
/// A node is a run of tokens that was computed once, with the sequences that hold its cells; a sequence is a path
/// from the root. Sequences that share a prefix share its nodes, so the lengths of all nodes are the cells in use.
/// Two sequences that computed the same tokens apart have nodes of their own side by side: children may begin alike.
/// The holders of a node hold its ancestors too; a node without holders does not exist.
package struct PrefixTree: Sendable {
    struct Node: Sendable {
        var tokens: [TokenID]
        /// The position of the first token.
        var start: Int
        var parent: Int
        var children: [Int] = []
        var holders: SequenceSet

        var end: Int { start + tokens.count }
    }

    static let root = 0

    private(set) var nodes = [Node(tokens: [], start: 0, parent: -1, holders: SequenceSet())]
    private var freeNodes: [Int] = []
    /// The node each sequence ends with, always at the node's end; the root for one without cells.
    private(set) var ends: [Int]
    /// Cells in use.
    package private(set) var cellCount = 0

    package init(sequences: Int) {
        ends = Array(repeating: Self.root, count: sequences)
    }

    /// Nodes but for the root.
    package var nodeCount: Int { nodes.count - 1 - freeNodes.count }

    package func length(of sequence: SequenceID) -> Int { nodes[ends[Int(sequence)]].end }

    /// What the sequence holds, in order. In its length.
    package func tokens(of sequence: SequenceID) -> [TokenID] {
        var runs: [[TokenID]] = []
        var node = ends[Int(sequence)]
        while node != Self.root {
            runs.append(nodes[node].tokens)
            node = nodes[node].parent
        }
        return Array(runs.reversed().joined())
    }

    /// The sequence computed these tokens after what it holds. A token in constant time where it is alone.
    package mutating func append(_ tokens: [TokenID], to sequence: SequenceID) {
        guard !tokens.isEmpty else { return }
        cellCount += tokens.count
        let end = ends[Int(sequence)]
        if end != Self.root, isOnly(sequence, holderOf: end) {
            nodes[end].tokens.append(contentsOf: tokens)
            return
        }
        var holders = SequenceSet()
        holders.insert(sequence)
        let node = insert(Node(tokens: tokens, start: nodes[end].end, parent: end, holders: holders))
        nodes[end].children.append(node)
        ends[Int(sequence)] = node
    }

    /// The first `count` cells of `source` also become `target`'s, which has none.
    package mutating func share(_ source: SequenceID, with target: SequenceID, count: Int) {
        guard count > 0, ends[Int(target)] == Self.root else { return }
        var node = ends[Int(source)]
        while nodes[node].start >= count { node = nodes[node].parent }
        if nodes[node].end > count { node = split(node, at: count - nodes[node].start) }
        ends[Int(target)] = node
        while node != Self.root {
            nodes[node].holders.insert(target)
            node = nodes[node].parent
        }
    }

    /// The sequence lets go of its cells from position `length` on; those that nobody else holds are free.
    package mutating func trim(_ sequence: SequenceID, to length: Int) {
        var node = ends[Int(sequence)]
        while node != Self.root, nodes[node].start >= length {
            let parent = nodes[node].parent
            nodes[node].holders.remove(sequence)
            if nodes[node].holders.isEmpty { delete(node) } else { joinWithOnlyChild(node) }
            node = parent
        }
        if nodes[node].end > length {
            let kept = length - nodes[node].start
            if isOnly(sequence, holderOf: node) {
                cellCount -= nodes[node].tokens.count - kept
                nodes[node].tokens.removeLast(nodes[node].tokens.count - kept)
            } else {
                let upper = split(node, at: kept)
                nodes[node].holders.remove(sequence)
                joinWithOnlyChild(node)
                node = upper
            }
        }
        ends[Int(sequence)] = node
    }

    /// Cells that become free when the sequence lets go of all of its own.
    package func exclusiveCells(of sequence: SequenceID) -> Int {
        var node = ends[Int(sequence)]
        var count = 0
        while node != Self.root, isOnly(sequence, holderOf: node) {
            count += nodes[node].tokens.count
            node = nodes[node].parent
        }
        return count
    }

    /// Cells that one of these sequences holds at least. In the number of nodes.
    package func cells(heldBy sequences: SequenceSet) -> Int {
        var count = 0
        for node in nodes where node.holders.intersects(sequences) { count += node.tokens.count }
        return count
    }

    private func isOnly(_ sequence: SequenceID, holderOf node: Int) -> Bool {
        var only = SequenceSet()
        only.insert(sequence)
        return nodes[node].holders == only
    }

    private mutating func insert(_ node: Node) -> Int {
        guard let free = freeNodes.popLast() else {
            nodes.append(node)
            return nodes.count - 1
        }
        nodes[free] = node
        return free
    }

    private mutating func delete(_ node: Int) {
        cellCount -= nodes[node].tokens.count
        let parent = nodes[node].parent
        nodes[parent].children.removeAll { $0 == node }
        release(node)
    }

    private mutating func release(_ node: Int) {
        nodes[node] = Node(tokens: [], start: 0, parent: -1, holders: SequenceSet())
        freeNodes.append(node)
    }

    /// Cuts a node in two; the lower part keeps its number, so that ends stay true. The number of the upper one.
    private mutating func split(_ node: Int, at offset: Int) -> Int {
        let old = nodes[node]
        let upper = insert(
            Node(
                tokens: Array(old.tokens[..<offset]), start: old.start, parent: old.parent, children: [node],
                holders: old.holders))
        replace(node, with: upper, in: old.parent)
        nodes[node].tokens = Array(old.tokens[offset...])
        nodes[node].start = old.start + offset
        nodes[node].parent = upper
        return upper
    }

    /// Undoes a split that nobody needs any more. The same holders mean that no sequence ends in between.
    private mutating func joinWithOnlyChild(_ node: Int) {
        let upper = nodes[node]
        guard upper.children.count == 1, let child = upper.children.first, nodes[child].holders == upper.holders
        else { return }
        nodes[child].tokens = upper.tokens + nodes[child].tokens
        nodes[child].start = upper.start
        nodes[child].parent = upper.parent
        replace(node, with: child, in: upper.parent)
        release(node)
    }

    private mutating func replace(_ child: Int, with other: Int, in parent: Int) {
        for index in nodes[parent].children.indices where nodes[parent].children[index] == child {
            nodes[parent].children[index] = other
        }
    }
}
