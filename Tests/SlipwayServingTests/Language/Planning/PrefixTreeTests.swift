// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Prefix tree")
struct PrefixTreeTests {
    private func set(_ sequences: SequenceID...) -> SequenceSet {
        var set = SequenceSet()
        for sequence in sequences { set.insert(sequence) }
        return set
    }

    @Test("shared cells count once, and go with their last holder")
    func counts() {
        var tree = PrefixTree(sequences: 4)
        tree.append(Array(1...10), to: 0)
        tree.share(0, with: 1, count: 6)
        tree.append([20, 21], to: 1)
        #expect(tree.cellCount == 12)
        #expect(tree.tokens(of: 1) == [1, 2, 3, 4, 5, 6, 20, 21])
        #expect(tree.exclusiveCells(of: 0) == 4)
        #expect(tree.cells(heldBy: set(1)) == 8)
        tree.trim(0, to: 0)
        #expect(tree.cellCount == 8)
        #expect(tree.nodeCount == 1, "what a split left is joined again")
        tree.trim(1, to: 0)
        #expect(tree.cellCount == 0)
        #expect(tree.nodeCount == 0)
    }

    @Test(
        "the longest match is found, within its limit",
        arguments: [
            ([1, 2, 3, 4, 9], 5, 4), ([1, 2, 3, 4, 9], 2, 2), ([7], 1, 0), ([1, 2, 8, 9, 9], 5, 3), ([1], 0, 0),
        ] as [([TokenID], Int, Int)])
    func longest(prompt: [TokenID], limit: Int, expected: Int) {
        var tree = PrefixTree(sequences: 4)
        tree.append([1, 2, 3, 4, 5], to: 0)
        tree.share(0, with: 1, count: 2)
        tree.append([8, 8], to: 1)
        let match = tree.match(prompt, atMost: limit, among: set(0, 1), isWhole: false)
        #expect(match.count == expected)
    }

    @Test("only who may give gives, and whole sequences only where asked for")
    func sources() {
        var tree = PrefixTree(sequences: 4)
        tree.append([1, 2, 3, 4], to: 0)
        tree.append([1, 2], to: 1)
        let prompt: [TokenID] = [1, 2, 3, 9]
        #expect(tree.match(prompt, atMost: 4, among: set(0, 1), isWhole: false).count == 3)
        #expect(
            tree.match(prompt, atMost: 4, among: set(1), isWhole: false) == .init(count: 2, source: 1, isWhole: true))
        #expect(
            tree.match(prompt, atMost: 4, among: set(0, 1), isWhole: true) == .init(count: 2, source: 1, isWhole: true))
        #expect(tree.match(prompt, atMost: 4, among: set(2), isWhole: false).count == 0)
    }

    @Test("random operations agree with lists of cells", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var tree = PrefixTree(sequences: 6)
        var lists: [[(cell: Int, token: TokenID)]] = Array(repeating: [], count: 6)
        var next = 0
        for _ in 0..<400 {
            let one = Int.random(in: 0..<6, using: &random)
            let other = Int.random(in: 0..<6, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let tokens = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                    TokenID.random(in: 0...2, using: &random)
                }
                tree.append(tokens, to: SequenceID(one))
                for token in tokens {
                    lists[one].append((next, token))
                    next += 1
                }
            case 1:
                let length = Int.random(in: 0...lists[one].count, using: &random)
                tree.trim(SequenceID(one), to: length)
                lists[one].removeLast(lists[one].count - length)
            default:
                guard lists[other].isEmpty, one != other else { continue }
                let count = Int.random(in: 0...lists[one].count, using: &random)
                tree.share(SequenceID(one), with: SequenceID(other), count: count)
                lists[other] = Array(lists[one].prefix(count))
            }
            #expect(tree.cellCount == Set(lists.joined().map(\.cell)).count)
            for sequence in 0..<6 {
                #expect(tree.tokens(of: SequenceID(sequence)) == lists[sequence].map(\.token))
            }
            let others = Set(lists.enumerated().filter { $0.offset != one }.flatMap { $0.element.map(\.cell) })
            #expect(
                tree.exclusiveCells(of: SequenceID(one)) == lists[one].filter { !others.contains($0.cell) }.count)
        }
        // Each of six paths has an end and at most one fork of its own.
        #expect(tree.nodeCount <= 12)
    }

    @Test("a set holds numbers up to 255")
    func sets() {
        var one = set(0, 63, 64, 255)
        #expect(one.count == 4)
        #expect(one.first == 0)
        one.remove(0)
        var found: [SequenceID] = []
        one.forEach { found.append($0) }
        #expect(found == [63, 64, 255])
        #expect(one.intersects(set(64)) && !one.intersects(set(65)))
        #expect(one.intersection(set(255, 1)) == set(255))
    }
}
