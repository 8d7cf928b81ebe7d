// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Things that wait to leave the house, so many at most: a full queue drops what comes, counts it, and never waits.
package final class BoundedQueue<Element: Sendable>: Sendable {
    package struct Counts: Sendable, Equatable {
        package var offered: UInt64 = 0
        package var taken: UInt64 = 0
        package var dropped: UInt64 = 0

        package init(offered: UInt64 = 0, taken: UInt64 = 0, dropped: UInt64 = 0) {
            self.offered = offered
            self.taken = taken
            self.dropped = dropped
        }
    }

    private struct State {
        var elements: [Element] = []
        var counts = Counts()
    }

    private let limit: Int
    private let state = Mutex(State())

    package init(limit: Int) { self.limit = max(1, limit) }

    /// `false` when there was no room.
    @discardableResult
    package func offer(_ element: Element) -> Bool {
        state.withLock { state in
            state.counts.offered &+= 1
            guard state.elements.count < limit else {
                state.counts.dropped &+= 1
                return false
            }
            state.elements.append(element)
            return true
        }
    }

    /// The oldest elements, `count` at most; they are out of the queue then.
    package func take(upTo count: Int) -> [Element] {
        state.withLock { state in
            let taken = Array(state.elements.prefix(max(0, count)))
            state.elements.removeFirst(taken.count)
            state.counts.taken &+= UInt64(taken.count)
            return taken
        }
    }

    package var counts: Counts { state.withLock(\.counts) }
}
