// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayRegistry
import Synchronization

/// A wall clock that stands still until it is told to move, backwards too.
package final class ManualWallClock: Sendable {
    private let time: Mutex<Timestamp>

    package init(_ start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) {
        time = Mutex(start)
    }

    package var now: Timestamp { time.withLock { $0 } }

    package func advance(milliseconds: Int64) {
        time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
    }

    /// What a store takes.
    package var reading: WallClock { { self.now } }
}
