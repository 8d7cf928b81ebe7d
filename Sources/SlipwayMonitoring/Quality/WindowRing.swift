// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Something that is counted in parts and read as a whole.
package protocol Tally: Sendable, Equatable {
    init()
    mutating func merge(_ other: Self)
}

/// A sliding window: the newest parts of it, each of its own time. Owns no clock.
package struct WindowRing<Part: Tally>: Sendable, Equatable {
    package let shape: WindowShape
    /// Ascending by index, at most as many as the shape has parts. A part that changes takes the next number.
    package private(set) var parts: [(index: Int64, part: Part, change: Int)] = []
    private var changes = 0

    package init(_ shape: WindowShape) { self.shape = shape }

    package static func == (one: WindowRing, other: WindowRing) -> Bool {
        one.shape == other.shape && one.parts.elementsEqual(other.parts) { $0.index == $1.index && $0.part == $1.part }
    }

    /// Changes the part that `at` is in; times before the window go into its oldest part.
    package mutating func update<R>(at: Timestamp, _ body: (inout Part) -> R) -> R {
        let position = position(of: shape.index(at))
        changes += 1
        parts[position].change = changes
        return body(&parts[position].part)
    }

    private mutating func position(of index: Int64) -> Int {
        // By far the most: the newest part, and nothing is too old.
        if !parts.isEmpty, parts[parts.count - 1].index == index { return parts.count - 1 }
        advance(to: index)
        if let position = parts.lastIndex(where: { $0.index <= index }), parts[position].index == index {
            return position
        }
        if let last = parts.last, last.index > index {
            // Between parts that exist, or before them all.
            guard last.index - index < Int64(shape.buckets) else { return 0 }
            let position = parts.firstIndex { $0.index > index } ?? 0
            parts.insert((index, Part(), 0), at: position)
            return position
        }
        parts.append((index, Part(), 0))
        return parts.count - 1
    }

    /// The whole window that ends with the part that `at` is in.
    package func merged(at: Timestamp) -> Part {
        let newest = shape.index(at)
        var result = Part()
        for (index, part, _) in parts where index > newest - Int64(shape.buckets) { result.merge(part) }
        return result
    }

    /// The start of the oldest part; `nil` when there is none.
    package var startedAt: Timestamp? {
        parts.first.map { Timestamp(milliseconds: $0.index * shape.bucketMilliseconds) }
    }

    /// Moves everything to earlier times, after the clock was put back.
    package mutating func move(back milliseconds: Int64) {
        let steps = milliseconds / shape.bucketMilliseconds
        // However often a journal says so, times stay such that differences never overflow.
        let least = -2 * JournalCodec.maximumTime / shape.bucketMilliseconds
        for position in parts.indices { parts[position].index = max(parts[position].index - steps, least) }
    }

    private mutating func advance(to index: Int64) {
        let newest = max(index, parts.last?.index ?? index)
        parts.removeAll { $0.index <= newest - Int64(shape.buckets) }
    }
}
