// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc
import SlipwayRegistry

/// Opens and makes the file of what monitoring keeps. All calls block.
enum MonitoringDatabase {
    /// Opens the database, making it when there is none and bringing it to today's schema.
    ///
    /// The caller holds the lock on opening, so that no other process does the same at the same time. A commit may be
    /// lost with the power, never with the process: windows and alerts are written anew by what goes on.
    static func open(path: String, busyTimeout: Duration) throws -> DatabasePool {
        try makeIfMissing(path: path)
        let pool = try DatabasePool(path: path, configuration: RegistryDatabase.configuration(busyTimeout: busyTimeout))
        do {
            try migrate(pool, path: path)
            return pool
        } catch {
            try? pool.close()
            throw error
        }
    }

    private static func migrate(_ writer: any DatabaseWriter, path: String) throws {
        let migrator = MonitoringMigrations.migrator
        guard try !writer.read(migrator.hasBeenSuperseded) else {
            throw RegistryError(
                .storeTooNew,
                "what monitoring keeps was written by a newer Slipway: use that one, or move the file away",
                location: path)
        }
        try migrator.migrate(writer)
    }

    /// For its owner only, which SQLite's own making would not see to.
    private static func makeIfMissing(path: String) throws {
        var status = stat()
        if stat(path, &status) == 0 { return }
        guard errno == ENOENT else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        for suffix in ["-wal", "-shm"] { PosixFile.unlinkQuietly(path + suffix) }
        _ = try PosixFile(creating: path, mode: 0o600)
    }

    /// An error of the database in the words of its users; those of the house and cancellations stay as they are.
    static func mapped(_ error: any Error, path: String) -> any Error {
        if error is RegistryError || error is CancellationError { return error }
        guard let error = error as? DatabaseError else { return damaged(path, cause: error) }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return damaged(path, cause: error)
        case .SQLITE_FULL:
            return RegistryError(
                .storeFull, "what monitoring keeps cannot grow, there is no room: free some space", cause: error,
                location: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return RegistryError(
                .storeUnavailable,
                "what monitoring keeps is locked by another process: try again when it has finished", cause: error,
                location: path)
        case .SQLITE_MISUSE:
            return RegistryError(.storeUnavailable, "the monitoring database was closed", cause: error, location: path)
        default:
            return RegistryError(
                .storeUnavailable,
                "the monitoring database failed: look at the disk it is on and at the file's owner and permissions",
                cause: error, location: path)
        }
    }

    static func damaged(_ path: String, cause: (any Error)? = nil) -> RegistryError {
        RegistryError(
            .corrupt,
            "the monitoring database is damaged: move it away, and a new one is made; profiles are then made anew by "
                + "'slipway monitor profile'", cause: cause, location: path)
    }
}
