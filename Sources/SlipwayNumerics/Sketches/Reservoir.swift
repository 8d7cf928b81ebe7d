// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A uniform sample of a stream of unknown length, in constant memory (Vitter's algorithm R, seeded).
package struct Reservoir<Element: Sendable>: Sendable {
    package let capacity: Int
    package private(set) var items: [Element]
    /// Items offered so far.
    package private(set) var offered: Int
    private var random: SplitMix64

    /// - Parameter capacity: At least 1.
    package init(capacity: Int, seed: UInt64) {
        self.capacity = max(capacity, 1)
        items = []
        offered = 0
        random = SplitMix64(seed: seed)
    }

    package mutating func add(_ item: Element) {
        guard let place = place() else { return }
        put(item, at: place)
    }

    /// The place that the next item would take, or `nil` where it is not drawn; so that an item that costs work is
    /// only made when it is kept. Counts as an offer; ``put(_:at:)`` must follow.
    package mutating func place() -> Int? {
        offered += 1
        if items.count < capacity { return items.count }
        let place = random.below(offered)
        return place < capacity ? place : nil
    }

    package mutating func put(_ item: Element, at place: Int) {
        if place < items.count { items[place] = item } else if items.count < capacity { items.append(item) }
    }

    /// A sample of both streams, of one capacity: each place is drawn from either side by the number it stands for.
    package mutating func merge(_ other: Reservoir<Element>) {
        let total = offered + other.offered
        guard other.offered > 0 else { return }
        if items.count + other.items.count <= capacity, items.count == offered, other.items.count == other.offered {
            items += other.items
        } else {
            var (left, right) = (items.shuffled(using: &random), other.items.shuffled(using: &random))
            var (leftWeight, rightWeight) = (offered, other.offered)
            var merged: [Element] = []
            while merged.count < capacity, !(left.isEmpty && right.isEmpty) {
                let isLeft = right.isEmpty || (!left.isEmpty && random.below(leftWeight + rightWeight) < leftWeight)
                if isLeft, let item = left.popLast() {
                    merged.append(item)
                    leftWeight = max(leftWeight - 1, 1)
                } else if let item = right.popLast() {
                    merged.append(item)
                    rightWeight = max(rightWeight - 1, 1)
                }
            }
            items = merged
        }
        offered = total
    }
}

extension Reservoir: Equatable where Element: Equatable {}
extension Reservoir: Hashable where Element: Hashable {}

// Outside of the type, whose own would be generic.
private enum ReservoirKeys: String, CodingKey { case capacity, items, offered, random }

extension Reservoir: Encodable where Element: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ReservoirKeys.self)
        try container.encode(capacity, forKey: .capacity)
        try container.encode(items, forKey: .items)
        try container.encode(offered, forKey: .offered)
        try container.encode(random, forKey: .random)
    }
}

extension Reservoir: Decodable where Element: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ReservoirKeys.self)
        capacity = try container.decode(Int.self, forKey: .capacity)
        items = try container.decode([Element].self, forKey: .items)
        offered = try container.decode(Int.self, forKey: .offered)
        random = try container.decode(SplitMix64.self, forKey: .random)
        guard capacity >= 1, items.count <= min(offered, capacity), offered < Int.max / 4 else {
            throw DecodingError.dataCorruptedError(
                forKey: .items, in: container,
                debugDescription: "a reservoir holds no more items than were offered, and at most its capacity")
        }
    }
}
