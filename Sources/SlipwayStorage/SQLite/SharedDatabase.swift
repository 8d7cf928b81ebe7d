// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc
import SlipwayRegistry

/// A SQLite file that the processes of one machine share; what goes wrong is told in the words of its users.
struct SharedDatabase: Sendable {
    /// Gives an error of the database those words; errors of the house and cancellations stay as they are.
    typealias Words = @Sendable (_ error: any Error, _ path: String) -> any Error

    let pool: DatabasePool
    let path: String
    let words: Words

    /// Opens a file, in one process at a time, and makes its folder where it is missing.
    ///
    /// - Parameters:
    ///   - busyTimeout: How long another process is waited for.
    ///   - body: Opens it, and may block; called again while the file is busy.
    static func open<R: Sendable>(
        path: String, busyTimeout: Duration, words: Words, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        do {
            let folder = PosixFolder.parent(of: path)
            try await BlockingFiles.run { _ in try PosixFolder.make(folder) }
            let lock = try await FileLock.acquire(path + ".lock", isExclusive: true, patience: busyTimeout)
            let deadline = ContinuousClock.now + busyTimeout
            while true {
                do {
                    let opened = try await BlockingFiles.run { _ in try body() }
                    _ = consume lock
                    return opened
                } catch let error as DatabaseError
                    where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
                {
                    // Going over to the log, and recovering one after a crash, do not wait for locks by themselves.
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        } catch {
            throw words(error, path)
        }
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        do { return try await pool.read(body) } catch { throw words(error, path) }
    }

    func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        do { return try await pool.write(body) } catch { throw words(error, path) }
    }

    /// Copies a consistent state into a new file that can be opened itself, while others write.
    func backUp(to copy: String) async throws {
        do {
            try await BlockingFiles.run { [pool] _ in try Self.copy(pool, to: copy) }
        } catch {
            throw words(error, path)
        }
    }

    /// The copy has no log beside it.
    private static func copy(_ pool: DatabasePool, to path: String) throws {
        let draft = path + ".partial"
        var status = stat()
        guard lstat(path, &status) != 0 else { throw RegistryError(systemError: EEXIST, doing: "made", path: path) }
        _ = try PosixFile(creating: draft, mode: 0o600)
        defer { for suffix in ["", "-journal", "-wal", "-shm"] { PosixFile.unlinkQuietly(draft + suffix) } }
        let copy = try DatabaseQueue(path: draft)
        try pool.backup(to: copy)
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
        try PosixFile(reading: draft).synchronize()
        // A link fails where the name is taken meanwhile; a rename would replace what is there.
        guard link(draft, path) == 0 else { throw RegistryError(systemError: errno, doing: "made", path: path) }
        try PosixFolder.synchronize(PosixFolder.parent(of: path))
    }
}
