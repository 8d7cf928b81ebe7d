// SPDX-License-Identifier: Apache-2.0

/// The most frequent texts of a stream in constant memory (Metwally, Agrawal and El Abbadi 2005).
///
/// A text that makes up more than `1 / capacity` of the stream is always among ``top(_:)``. Counts are never too low;
/// ``Entry/error`` says by how much they may be too high.
package struct SpaceSaving: Sendable, Hashable, Codable {
    package struct Entry: Sendable, Hashable, Codable {
        package var text: String
        package var count: UInt64
        /// Of the count, what may belong to other texts.
        package var error: UInt64

        package init(text: String, count: UInt64, error: UInt64 = 0) {
            self.text = text
            self.count = count
            self.error = error
        }
    }

    /// Longer texts are cut, so that memory is bounded.
    package static let maximumTextBytes = 128

    package let capacity: Int
    /// Texts counted.
    package private(set) var total: UInt64
    private var entries: [Entry]
    /// The place of a text in `entries`, which are a heap with the smallest count at its root.
    private var places: [String: Int]

    /// - Parameter capacity: 1 to 100,000; others are brought inside.
    package init(capacity: Int) {
        self.capacity = min(max(capacity, 1), 100_000)
        total = 0
        entries = []
        places = [:]
    }

    /// Entries made elsewhere; `nil` where there are more than the capacity, or a text twice.
    package init?(capacity: Int, total: UInt64, entries: [Entry]) {
        self.init(capacity: capacity)
        guard entries.count <= self.capacity, Set(entries.map(\.text)).count == entries.count else { return nil }
        self.total = total
        rebuild(entries)
    }

    private enum CodingKeys: String, CodingKey { case capacity, total, entries }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(capacity: try container.decode(Int.self, forKey: .capacity))
        total = try container.decode(UInt64.self, forKey: .total)
        let decoded = try container.decode([Entry].self, forKey: .entries)
        guard decoded.count <= capacity, Set(decoded.map(\.text)).count == decoded.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .entries, in: container, debugDescription: "texts are distinct and no more than the capacity")
        }
        rebuild(decoded)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(capacity, forKey: .capacity)
        try container.encode(total, forKey: .total)
        try container.encode(entries, forKey: .entries)
    }

    package mutating func add(_ text: String) {
        let text = SpaceSaving.cut(text)
        total &+= 1
        if let place = places[text] {
            entries[place].count &+= 1
            sink(place)
        } else if entries.count < capacity {
            // A count of 1 is the least there is.
            entries.append(Entry(text: text, count: 1))
            places[text] = entries.count - 1
            rise(entries.count - 1)
        } else {
            let least = entries[0]
            places[least.text] = nil
            entries[0] = Entry(text: text, count: least.count &+ 1, error: least.count)
            places[text] = 0
            sink(0)
        }
    }

    /// Adds another's counts; what one side does not have counts there as its least count.
    package mutating func merge(_ other: SpaceSaving) {
        let (own, others) = (floor, other.floor)
        var merged: [String: Entry] = [:]
        for entry in entries {
            merged[entry.text] = Entry(
                text: entry.text, count: entry.count &+ others, error: entry.error &+ others)
        }
        for entry in other.entries {
            if let mine = merged[entry.text] {
                merged[entry.text] = Entry(
                    text: entry.text, count: mine.count &- others &+ entry.count,
                    error: mine.error &- others &+ entry.error)
            } else {
                merged[entry.text] = Entry(text: entry.text, count: entry.count &+ own, error: entry.error &+ own)
            }
        }
        total &+= other.total
        rebuild(Array(merged.values.sorted(by: SpaceSaving.isBefore).prefix(capacity)))
    }

    /// The most frequent, by count, most first.
    package func top(_ count: Int) -> [Entry] {
        Array(entries.sorted(by: SpaceSaving.isBefore).prefix(max(count, 0)))
    }

    /// What a text that is not kept may have at most.
    private var floor: UInt64 { entries.count == capacity ? entries[0].count : 0 }

    private static func isBefore(_ a: Entry, _ b: Entry) -> Bool { (b.count, a.text) < (a.count, b.text) }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= maximumTextBytes ? text : String(decoding: text.utf8.prefix(maximumTextBytes), as: UTF8.self)
    }

    private mutating func rebuild(_ list: [Entry]) {
        // Ascending order is a heap.
        entries = list.sorted { SpaceSaving.isBefore($1, $0) }
        places = [:]
        for (place, entry) in entries.enumerated() { places[entry.text] = place }
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, entries[place].count < entries[(place - 1) / 2].count {
            exchange(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while 2 * place + 1 < entries.count {
            var child = 2 * place + 1
            if child + 1 < entries.count, entries[child + 1].count < entries[child].count { child += 1 }
            guard entries[child].count < entries[place].count else { return }
            exchange(place, child)
            place = child
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        entries.swapAt(a, b)
        places[entries[a].text] = a
        places[entries[b].text] = b
    }
}
