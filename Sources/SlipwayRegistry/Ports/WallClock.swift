// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore

/// Where stores take the time of a record from; tests give their own.
package typealias WallClock = @Sendable () -> Timestamp

extension Timestamp {
    /// The machine's wall clock, which may step backwards.
    package static func systemNow() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// This instant, or the earlier record's where the clock stepped backwards: histories stay in order.
    package func noEarlier(than previous: Timestamp?) -> Timestamp {
        previous.map { max($0, self) } ?? self
    }
}
