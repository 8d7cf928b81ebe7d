// SPDX-License-Identifier: Apache-2.0

/// Jobs that wait, the next one last: taking it is cheap, and so is an order kept by insertion for some thousands.
package struct JobQueue: Sendable {
    package struct Entry: Sendable, Equatable {
        package let due: ContinuousClock.Instant
        package let id: GenerationID

        package init(due: ContinuousClock.Instant, id: GenerationID) {
            self.due = due
            self.id = id
        }

        /// Whether it goes before another one.
        func precedes(_ other: Entry) -> Bool { due != other.due ? due < other.due : id < other.id }
    }

    private var entries: [Entry] = []

    package init() {}

    package var next: Entry? { entries.last }
    package var count: Int { entries.count }

    package mutating func insert(_ entry: Entry) { entries.insert(entry, at: index(of: entry)) }

    package mutating func remove(_ entry: Entry) {
        let index = index(of: entry)
        if index < entries.count, entries[index] == entry { entries.remove(at: index) }
    }

    /// The first place whose entry does not go after this one.
    private func index(of entry: Entry) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entry.precedes(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
