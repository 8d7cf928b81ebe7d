// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

extension PrefixTree {
    /// How much of a prompt is there already.
    package struct Match: Sendable, Equatable {
        /// Tokens from the beginning; 0 for nothing.
        package var count = 0
        /// Who holds them.
        package var source: SequenceID = 0
        /// Whether the source holds nothing after them.
        package var isWhole = false

        package init(count: Int = 0, source: SequenceID = 0, isWhole: Bool = false) {
            self.count = count
            self.source = source
            self.isWhole = isWhole
        }
    }

    /// The longest prefix of a prompt that one of some sequences holds. In what matches, times its duplicates.
    ///
    /// - Parameters:
    ///   - limit: No more tokens than these.
    ///   - sequences: Who may give.
    ///   - isWhole: Only what ends where the source ends.
    package func match(
        _ prompt: [TokenID], atMost limit: Int, among sequences: SequenceSet, isWhole: Bool
    ) -> Match {
        var best = Match()
        var frontier = [Self.root]
        while let node = frontier.popLast() {
            let depth = nodes[node].end
            for child in nodes[node].children {
                let candidates = nodes[child].holders.intersection(sequences)
                guard depth < limit, nodes[child].tokens.first == prompt[depth], !candidates.isEmpty else { continue }
                let run = nodes[child].tokens
                let equal = commonPrefix(run, 0, prompt, depth, atMost: min(run.count, limit - depth))
                if equal == run.count { frontier.append(child) }
                consider(candidates, at: child, count: depth + equal, onlyWhole: isWhole, best: &best)
            }
        }
        return best
    }

    /// How many of a sequence's first `count` cells one of `sequences` holds.
    package func cells(ofFirst count: Int, in sequence: SequenceID, heldBy sequences: SequenceSet) -> Int {
        var node = ends[Int(sequence)]
        while node != Self.root {
            if nodes[node].holders.intersects(sequences) { return min(nodes[node].end, count) }
            node = nodes[node].parent
        }
        return 0
    }

    private func consider(
        _ candidates: SequenceSet, at node: Int, count: Int, onlyWhole: Bool, best: inout Match
    ) {
        guard count > best.count || (count == best.count && !best.isWhole) else { return }
        var whole: SequenceID?
        if nodes[node].end == count {
            candidates.forEach { if whole == nil, ends[Int($0)] == node { whole = $0 } }
        }
        if let whole {
            best = Match(count: count, source: whole, isWhole: true)
        } else if !onlyWhole, count > best.count, let source = candidates.first {
            best = Match(count: count, source: source, isWhole: false)
        }
    }
}

/// How many tokens are equal from two places on.
func commonPrefix(_ one: [TokenID], _ from: Int, _ other: [TokenID], _ otherFrom: Int, atMost limit: Int) -> Int {
    one.withUnsafeBufferPointer { one in
        other.withUnsafeBufferPointer { other in
            var count = 0
            while count < limit, one[from + count] == other[otherFrom + count] { count += 1 }
            return count
        }
    }
}
