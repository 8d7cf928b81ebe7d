// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The C library's allocator, as the server wants it.
enum Allocator {
    private typealias Option = @convention(c) (Int32, Int32) -> Int32

    /// Lets freed buffers of up to 32 MiB be used again instead of going back to the system one by one: the page
    /// faults of fresh memory cost more than copying a large tensor does.
    ///
    /// At most 64 MiB stay unused in each of the allocator's arenas. Another C library keeps its own way.
    static func keepLargeBuffersWarm() {
        // Looked up, because Swift's module of the C library leaves malloc.h out.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let set = unsafeBitCast(symbol, to: Option.self)
        _ = set(mmapThreshold, 32 << 20)
        _ = set(trimThreshold, 64 << 20)
    }

    /// Gives memory that nobody uses back to the system, all but what the next requests will want.
    @Sendable static func giveBackFreeMemory() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        let trim = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)
        _ = trim(0)
    }

    // Numbers from malloc.h of glibc.
    private static let trimThreshold: Int32 = -1
    private static let mmapThreshold: Int32 = -3
}
