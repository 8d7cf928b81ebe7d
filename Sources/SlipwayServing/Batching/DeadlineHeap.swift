// SPDX-License-Identifier: Apache-2.0

/// The deadlines of waiting requests, the nearest first.
///
/// Entries of requests that left stay until they come up or are swept out: leaving costs nothing.
struct DeadlineHeap: Sendable {
    struct Entry: Sendable {
        let deadline: Duration
        let slot: Int32
        /// Tells the request from a later one in the same slot.
        let serial: UInt64
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var first: Entry? { entries.first }

    mutating func push(_ entry: Entry) {
        var child = entries.count
        entries.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        sink(0)
    }

    /// Keeps the entries for which `isAlive` is true.
    mutating func sweep(_ isAlive: (Entry) -> Bool) {
        entries.removeAll { !isAlive($0) }
        var index = entries.count / 2
        while index > 0 {
            index -= 1
            sink(index)
        }
    }

    private mutating func sink(_ index: Int) {
        var parent = index
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
