// SPDX-License-Identifier: Apache-2.0

/// The requests of one priority class in the order they are served: by virtual start, first come first.
///
/// One array with a free space in front: taking the first costs nothing, and adding moves the shorter side.
struct RequestOrder: Sendable {
    struct Key: Sendable {
        /// Virtual start, from ``FairShares``.
        var tag: Int
        /// Index of the request; -1 when it was taken and is not swept out yet.
        var slot: Int32
    }

    private var keys: [Key] = []
    private var head = 0

    var count: Int { keys.count - head }

    subscript(position: Int) -> Key { keys[head + position] }

    /// Puts a key behind all that start no later.
    mutating func insert(_ key: Key) {
        guard let last = keys.last, head < keys.count, last.tag > key.tag else {
            keys.append(key)
            return
        }
        var low = head
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].tag > key.tag { high = middle } else { low = middle + 1 }
        }
        guard head > 0, low - head < keys.count - low else {
            keys.insert(key, at: low)
            return
        }
        for index in head..<low { keys[index - 1] = keys[index] }
        keys[low - 1] = key
        head -= 1
    }

    /// Removes the key of a request wherever it stands.
    mutating func remove(_ key: Key) {
        var low = head
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].tag >= key.tag { high = middle } else { low = middle + 1 }
        }
        while low < keys.count, keys[low].slot != key.slot { low += 1 }
        guard low < keys.count else { return }
        if low == head { head += 1 } else { keys.remove(at: low) }
        tidy()
    }

    /// Marks the key as taken; ``sweep(through:)`` must follow.
    mutating func take(at position: Int) { keys[head + position].slot = -1 }

    /// Closes the gaps of the taken keys up to `position`; costs as much as there are keys up to it.
    mutating func sweep(through position: Int) {
        var target = head + position
        var source = target
        while source >= head {
            if keys[source].slot >= 0 {
                if target != source { keys[target] = keys[source] }
                target -= 1
            }
            source -= 1
        }
        head = target + 1
        tidy()
    }

    /// Gives the free space in front back once it is the larger half, so each key is moved about once.
    private mutating func tidy() {
        if head == keys.count {
            keys.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64, head > keys.count / 2 {
            keys.removeSubrange(0..<head)
            head = 0
        }
    }
}
