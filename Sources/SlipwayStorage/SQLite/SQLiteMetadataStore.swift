// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
package import SlipwayRegistry

/// A metadata store in one SQLite file, shared safely by any number of processes of one machine.
///
/// Write-ahead log, foreign keys on, every commit on the disk before it is answered. Queries run on the
/// database's own queues.
package final class SQLiteMetadataStore: MetadataStore {
    let pool: DatabasePool
    let clock: WallClock
    private let path: String
    private let watcher: ChangeWatcher

    private init(pool: DatabasePool, watcher: ChangeWatcher, path: String, clock: @escaping WallClock) {
        self.pool = pool
        self.watcher = watcher
        self.path = path
        self.clock = clock
    }

    /// Opens the registry of a home; makes it when there is none, and brings an older one to today's schema.
    ///
    /// - Parameters:
    ///   - path: The database file, see ``HomeLayout/database``. A lock file lies beside it.
    ///   - busyTimeout: How long a call waits for another process before it throws `storeUnavailable`.
    /// - Throws: ``RegistryError`` `corrupt`, `storeTooNew`, `storeFull` or `storeUnavailable`.
    package static func open(
        path: String, busyTimeout: Duration = .seconds(5), clock: @escaping WallClock = Timestamp.systemNow
    ) async throws -> SQLiteMetadataStore {
        do {
            let folder = PosixFolder.parent(of: path)
            try await BlockingFiles.run { _ in try PosixFolder.make(folder) }
            let lock = try await FileLock.acquire(path + ".lock", isExclusive: true, patience: busyTimeout)
            let deadline = ContinuousClock.now + busyTimeout
            while true {
                do {
                    let (pool, watcher) = try await BlockingFiles.run { _ in
                        let pool = try RegistryDatabase.open(path: path, busyTimeout: busyTimeout)
                        return (pool, try ChangeWatcher(path: path, busyTimeout: busyTimeout))
                    }
                    _ = consume lock
                    return SQLiteMetadataStore(pool: pool, watcher: watcher, path: path, clock: clock)
                } catch let error as DatabaseError
                    where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
                {
                    // Going over to the log, and recovering one after a crash, do not wait for locks by themselves.
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        } catch {
            throw RegistryError.mapped(error, path: path)
        }
    }

    package func changes() -> AsyncStream<Void> { watcher.subscribe() }

    package func backUp(to path: String) async throws {
        let pool = pool
        do {
            try await BlockingFiles.run { _ in try RegistryDatabase.backUp(pool, to: path) }
        } catch {
            throw RegistryError.mapped(error, path: path)
        }
    }

    package func close() async {
        let (pool, watcher) = (pool, watcher)
        // Closing fails only where a query still runs; the file is whole all the same.
        _ = try? await BlockingFiles.run { _ in
            try? watcher.close()
            try pool.close()
        }
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        do {
            return try await pool.read(body)
        } catch {
            throw RegistryError.mapped(error, path: path)
        }
    }

    func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        do {
            return try await pool.write(body)
        } catch {
            throw RegistryError.mapped(error, path: path)
        }
    }

    /// A write that replicas must hear of: this process's listeners are told before it returns.
    func change<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        let result = try await write(body)
        await watcher.check()
        return result
    }
}
