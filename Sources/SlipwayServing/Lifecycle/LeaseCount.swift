// SPDX-License-Identifier: Apache-2.0

/// Counts who uses a version, so that it is unloaded only after the last one is done.
package struct LeaseCount: Sendable, Equatable {
    package private(set) var taken = 0
    package private(set) var isClosed = false

    package init() {}

    /// `false` when no more leases are given.
    package mutating func take() -> Bool {
        guard !isClosed else { return false }
        taken += 1
        return true
    }

    /// `true` when this was the last lease of a closed count.
    package mutating func giveBack() -> Bool {
        taken -= 1
        return isClosed && taken == 0
    }

    /// Gives no more leases; `true` when none is out.
    package mutating func close() -> Bool {
        isClosed = true
        return taken == 0
    }
}
