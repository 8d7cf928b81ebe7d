// SPDX-License-Identifier: Apache-2.0

import Glibc
import HummingbirdCore
import Logging

/// How many connections a listener holds at once; further ones wait, not accepted, until one closes.
package struct ConnectionLimit: AvailableConnectionsDelegate {
    package let maximum: Int
    private let logger: Logger
    private var count = 0
    private var isReached = false

    init(maximum: Int, logger: Logger) {
        self.maximum = maximum
        self.logger = logger
    }

    /// Half of the file descriptors that the process may open: models, stores and the other listeners need some too.
    package static func automatic(descriptors: UInt64 = descriptorLimit()) -> Int {
        min(max(64, Int(clamping: descriptors / 2)), 16_384)
    }

    package static func descriptorLimit() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return UInt64(limit.rlim_cur)
    }

    package mutating func connectionOpened() {
        count += 1
        guard count >= maximum, !isReached else { return }
        isReached = true
        logger.warning(
            "all connections are taken: new ones wait; raise the limit of open files, or let clients share connections",
            metadata: ["connections": "\(maximum)"])
    }

    package mutating func connectionClosed() {
        count -= 1
        // Well below, so that one client that comes and goes is not told of each time.
        if count < maximum - maximum / 8 { isReached = false }
    }

    package func isAcceptingNewConnections() -> Bool { count < maximum }
}
