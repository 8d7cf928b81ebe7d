// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Answers to questions that were asked before; the least recently asked go first.
///
/// Owns no lock. Each operation takes constant time, but for comparing the question's bytes on a hit.
package struct ResponseCache: Sendable {
    package struct Statistics: Hashable, Sendable {
        package var hits = 0
        package var misses = 0
        /// Entries that had to make room.
        package var evictions = 0
        package var entries = 0
        /// Questions and answers with what is needed to keep them.
        package var bytes = 0
    }

    /// One link of the list and, for questions of the same hash, of a chain.
    private struct Node: Sendable {
        /// `nil` when the place is free.
        var entry: Entry?
        var newer: Int?
        var older: Int?
        var sameHash: Int?
    }

    package let maximumBytes: Int
    package private(set) var statistics = Statistics()
    private var nodes: [Node] = []
    private var freePlaces: [Int] = []
    /// The first of each chain.
    private var chains: [Int: Int] = [:]
    private var newest: Int?
    private var oldest: Int?

    package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The largest entry that is kept, in bytes: an eighth, so that no single answer drives out all others.
    package var maximumEntryBytes: Int { maximumBytes / 8 }

    /// The answer to the same question to the same version, which then counts as just asked.
    package mutating func find(_ key: Key) -> NamedTensors? {
        guard let place = place(of: key) else {
            statistics.misses += 1
            return nil
        }
        statistics.hits += 1
        unlink(place)
        linkAsNewest(place)
        return nodes[place].entry?.outputs
    }

    /// Keeps a question and its answer, in place of an earlier answer to the same question.
    ///
    /// Not when together they are larger than ``maximumEntryBytes``.
    package mutating func insert(_ entry: Entry) {
        guard entry.byteCount <= maximumEntryBytes else { return }
        if let place = place(of: entry.key) { remove(place) }
        while let oldest, statistics.bytes + entry.byteCount > maximumBytes {
            remove(oldest)
            statistics.evictions += 1
        }
        let place = freePlaces.popLast() ?? nodes.endIndex
        let node = Node(entry: entry, sameHash: chains[entry.key.hash])
        if place == nodes.endIndex { nodes.append(node) } else { nodes[place] = node }
        chains[entry.key.hash] = place
        linkAsNewest(place)
        statistics.entries += 1
        statistics.bytes += entry.byteCount
    }

    private func place(of key: Key) -> Int? {
        var next = chains[key.hash]
        while let place = next {
            if nodes[place].entry?.key.isSame(as: key) == true { return place }
            next = nodes[place].sameHash
        }
        return nil
    }

    private mutating func remove(_ place: Int) {
        guard let entry = nodes[place].entry else { return }
        unlink(place)
        removeFromChain(place, hash: entry.key.hash)
        nodes[place] = Node()
        freePlaces.append(place)
        statistics.entries -= 1
        statistics.bytes -= entry.byteCount
    }

    private mutating func removeFromChain(_ place: Int, hash: Int) {
        let follower = nodes[place].sameHash
        if chains[hash] == place {
            chains[hash] = follower
            return
        }
        var next = chains[hash]
        while let current = next {
            if nodes[current].sameHash == place {
                nodes[current].sameHash = follower
                return
            }
            next = nodes[current].sameHash
        }
    }

    private mutating func linkAsNewest(_ place: Int) {
        nodes[place].newer = nil
        nodes[place].older = newest
        if let newest { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if let newer { nodes[newer].older = older } else { newest = older }
        if let older { nodes[older].newer = newer } else { oldest = newer }
    }
}
