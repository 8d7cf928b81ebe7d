// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc
import SlipwayRegistry

/// Opens and makes the database file. All calls block.
///
/// Nothing else may open that file while it is in use: closing any descriptor of it drops SQLite's locks of the
/// whole process.
enum RegistryDatabase {
    static func configuration(busyTimeout: Duration) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout / .seconds(1))
        // Two readers beside the writer: what few short queries of one process can use.
        configuration.maximumReaderCount = 2
        return configuration
    }

    /// Opens the database, making it when there is none and bringing it to today's schema.
    ///
    /// The caller holds the lock on opening, so that no other process does the same at the same time.
    static func open(path: String, busyTimeout: Duration) throws -> DatabasePool {
        try makeIfMissing(path: path)
        let pool = try DatabasePool(path: path, configuration: configuration(busyTimeout: busyTimeout))
        do {
            // The pool has just set NORMAL, under which a power cut may lose the last commits.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try migrate(pool, path: path)
            return pool
        } catch {
            try? pool.close()
            throw error
        }
    }

    private static func migrate(_ writer: any DatabaseWriter, path: String) throws {
        let migrator = SchemaMigrations.migrator
        guard try !writer.read(migrator.hasBeenSuperseded) else { throw RegistryError.tooNew(path) }
        try migrator.migrate(writer)
    }

    /// Makes the whole database under another name and renames it, so that an empty file is known to be damage.
    private static func makeIfMissing(path: String) throws {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_size > 0 else { throw RegistryError.damaged(path) }
            return
        }
        guard errno == ENOENT else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        let draft = path + ".new"
        for suffix in ["-wal", "-shm"] { PosixFile.unlinkQuietly(path + suffix) }
        for suffix in ["", "-journal"] { PosixFile.unlinkQuietly(draft + suffix) }
        _ = try PosixFile(creating: draft, mode: 0o600)
        let queue = try DatabaseQueue(path: draft, configuration: configuration(busyTimeout: .zero))
        try migrate(queue, path: draft)
        try queue.close()
        guard rename(draft, path) == 0 else {
            throw RegistryError(systemError: errno, doing: "renamed", path: draft)
        }
        try PosixFolder.synchronize(PosixFolder.parent(of: path))
    }
}
