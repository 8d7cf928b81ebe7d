// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayCore
package import SlipwayRegistry

/// A metadata store in one SQLite file, shared safely by any number of processes of one machine.
///
/// Write-ahead log, foreign keys on, every commit on the disk before it is answered. Queries run on the
/// database's own queues.
package final class SQLiteMetadataStore: MetadataStore {
    let clock: WallClock
    private let database: SharedDatabase
    private let watcher: ChangeWatcher

    private init(_ database: SharedDatabase, watcher: ChangeWatcher, clock: @escaping WallClock) {
        self.database = database
        self.watcher = watcher
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
        let words: SharedDatabase.Words = { RegistryError.mapped($0, path: $1) }
        let (pool, watcher) = try await SharedDatabase.open(path: path, busyTimeout: busyTimeout, words: words) {
            let pool = try RegistryDatabase.open(path: path, busyTimeout: busyTimeout)
            return (pool, try ChangeWatcher(path: path, busyTimeout: busyTimeout))
        }
        return SQLiteMetadataStore(
            SharedDatabase(pool: pool, path: path, words: words), watcher: watcher, clock: clock)
    }

    package func changes() -> AsyncStream<Void> { watcher.subscribe() }

    package func backUp(to path: String) async throws { try await database.backUp(to: path) }

    package func close() async {
        let (pool, watcher) = (database.pool, watcher)
        // Closing fails only where a query still runs; the file is whole all the same.
        _ = try? await BlockingFiles.run { _ in
            try? watcher.close()
            try pool.close()
        }
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        try await database.read(body)
    }

    func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        try await database.write(body)
    }

    /// A write that replicas must hear of: this process's listeners are told before it returns.
    func change<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        let result = try await write(body)
        await watcher.check()
        return result
    }
}
