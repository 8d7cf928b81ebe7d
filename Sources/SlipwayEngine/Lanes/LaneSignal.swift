// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a sleeping lane waits on: a semaphore, whose post is one futex wake and whose wait is one futex wait.
package final class LaneSignal: @unchecked Sendable {
    // Unchecked: POSIX allows sem_post and sem_wait from any thread; the memory lives as long as this object.
    private let semaphore: UnsafeMutablePointer<sem_t>

    package init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    package func post() { sem_post(semaphore) }

    /// Sleeps until the next post, or takes one that came before.
    package func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
}
