// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayRegistry

/// A lock between processes on a file, given back by the kernel when its holder dies.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock if nobody is in the way; `nil` otherwise. Never waits.
    static func attempt(_ path: String, isExclusive: Bool) throws(RegistryError) -> FileLock? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        let lock = FileLock(descriptor: descriptor)
        guard try hold(descriptor, isExclusive: isExclusive, path: path) else { return nil }
        return lock
    }

    /// Locks an open file; `false` when somebody else holds it.
    static func hold(_ descriptor: Int32, isExclusive: Bool, path: String) throws(RegistryError) -> Bool {
        while flock(descriptor, (isExclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw RegistryError(systemError: errno, doing: "locked", path: path) }
        }
        return true
    }

    /// Takes the lock, asking again until `patience` is over; no thread waits meanwhile.
    ///
    /// - Throws: ``RegistryError`` `storeUnavailable` when somebody holds it for longer, `CancellationError`.
    static func acquire(_ path: String, isExclusive: Bool, patience: Duration) async throws -> FileLock {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause = Duration.milliseconds(1)
        while true {
            if let lock = try attempt(path, isExclusive: isExclusive) { return lock }
            guard clock.now < deadline else {
                throw RegistryError(
                    .storeUnavailable,
                    "another process has held the lock for \(patience): wait for its import, backup or gc to end",
                    location: path)
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
    }
}

/// Many share, or one has it alone; whoever wants it alone goes before those who come after.
struct SharedFileLock: Sendable {
    /// Everybody passes here first; one who waits to be alone holds it meanwhile.
    let gatePath: String
    let path: String
    let patience: Duration

    func acquire(isExclusive: Bool) async throws -> FileLock {
        let gate = try await FileLock.acquire(gatePath, isExclusive: isExclusive, patience: patience)
        let lock = try await FileLock.acquire(path, isExclusive: isExclusive, patience: patience)
        _ = consume gate
        return lock
    }
}
