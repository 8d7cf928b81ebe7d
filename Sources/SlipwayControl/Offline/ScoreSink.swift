// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SlipwayCore
import SlipwayRegistry
import Synchronization

/// Where results go: a file that can be gone on with after a crash, or a descriptor that cannot.
///
/// Results are written to `FILE.part`. The journal, `FILE.progress`, is only ever replaced as a whole, after the
/// results it speaks of are on the disk; what lies behind its mark is cut off when the work is resumed. Calls block.
final class ScoreSink: Sendable {
    private struct State: ~Copyable {
        var output: PosixFile?
        var errors: PosixFile?
        var journal: ScoringJournal
        var isSaved = false
    }

    /// The results' own name; `nil` when they go to a descriptor.
    private let path: String?
    private let encoder: ScoreEncoder
    private let state: Mutex<State>

    var journal: ScoringJournal { state.withLock { $0.journal } }

    /// Results to standard output, errors to standard error.
    init(streaming identity: ScoringJournal.Identity, encoder: ScoreEncoder) {
        path = nil
        self.encoder = encoder
        state = Mutex(State(journal: ScoringJournal(identity: identity, position: RowPosition())))
    }

    /// Begins a file of results, or goes on with it.
    ///
    /// - Parameter restarts: Whether to begin anew whatever is there.
    /// - Throws: `ControlError` when the file is there already, when another process writes it, or when what was
    ///   begun does not fit `identity`; `RegistryError` for what the file system refuses.
    init(
        path: String, identity: ScoringJournal.Identity, encoder: ScoreEncoder, restarts: Bool
    ) throws {
        guard restarts || !FileFacts.exists(path) else { throw Self.finishedAlready(path) }
        let output = try Self.openLocked(path + ".part")
        // Another process may have finished between the look and the lock.
        guard restarts || !FileFacts.exists(path) else { throw Self.finishedAlready(path) }
        var journal = ScoringJournal(identity: identity, position: RowPosition())
        let written = Int(try output.status().st_size)
        if !restarts, let found = try Self.readJournal(path + ".progress") {
            if let refusal = found.refusal(for: identity) { throw refusal }
            try Self.checkLength(written, of: path + ".part", atLeast: found.outputByteCount)
            let errors = path + ".errors.jsonl"
            try Self.checkLength(FileFacts.size(errors) ?? 0, of: errors, atLeast: found.errorByteCount)
            journal = found
        } else {
            PosixFile.unlinkQuietly(path + ".progress")
            PosixFile.unlinkQuietly(path + ".errors.jsonl")
            if restarts { PosixFile.unlinkQuietly(path) }
        }
        try output.cut(to: journal.outputByteCount)
        var errors: PosixFile?
        if FileFacts.exists(path + ".errors.jsonl") {
            let file = try PosixFile(appending: path + ".errors.jsonl")
            try file.cut(to: journal.errorByteCount)
            errors = consume file
        }
        self.path = path
        self.encoder = encoder
        state = Mutex(State(output: output, errors: errors, journal: journal))
    }

    /// Writes what became of some rows.
    ///
    /// - Parameter position: Where the rows after them begin.
    func append(_ piece: ScoredPiece, upTo position: RowPosition) throws {
        try state.withLock { state in
            var bytes: [UInt8] = []
            if !piece.columns.isEmpty {
                if let columns = state.journal.columns {
                    guard columns == piece.columns else { throw Self.changedColumns }
                } else {
                    bytes += encoder.head(piece.columns)
                }
            }
            bytes += piece.output
            let failures = piece.failures.flatMap(\.json)
            guard let path else {
                try Self.write(bytes, to: STDOUT_FILENO)
                try Self.write(failures, to: STDERR_FILENO)
                return Self.advance(&state.journal, piece, bytes.count, failures.count, position)
            }
            if !failures.isEmpty, state.errors == nil {
                state.errors = try PosixFile(appending: path + ".errors.jsonl")
            }
            try bytes.withUnsafeBytes { try state.output?.write($0) }
            try failures.withUnsafeBytes { if !$0.isEmpty { try state.errors?.write($0) } }
            Self.advance(&state.journal, piece, bytes.count, failures.count, position)
        }
    }

    /// Moves the journal behind what was written: not before, for a write that failed is made again.
    private static func advance(
        _ journal: inout ScoringJournal, _ piece: ScoredPiece, _ bytes: Int, _ errorBytes: Int, _ position: RowPosition
    ) {
        if !piece.columns.isEmpty { journal.columns = piece.columns }
        journal.outputByteCount += bytes
        journal.errorByteCount += errorBytes
        journal.rows += piece.rows
        journal.skipped += piece.failures.count
        journal.position = position
    }

    /// Makes what was written outlast a crash of the machine.
    func save() throws {
        guard let path else { return }
        try state.withLock { state in
            try state.output?.synchronize()
            try state.errors?.synchronize()
            let temporary = path + ".progress.new"
            PosixFile.unlinkQuietly(temporary)
            let file = try PosixFile(creating: temporary, mode: 0o644)
            let bytes = Array(try JSONEncoder().encode(state.journal))
            try bytes.withUnsafeBytes { try file.write($0) }
            try file.synchronize()
            try Self.move(temporary, to: path + ".progress")
            if !state.isSaved { try PosixFolder.synchronize(PosixFolder.parent(of: path)) }
            state.isSaved = true
        }
    }

    /// Gives the results their name: all rows are in them.
    func finish() throws {
        guard let path else { return }
        try state.withLock { state in
            if encoder.format == .csv, state.journal.columns == nil {
                // No row was answered, and a table has its heads all the same.
                try encoder.head([]).withUnsafeBytes { try state.output?.write($0) }
            }
            try state.output?.synchronize()
            try state.errors?.synchronize()
        }
        try Self.move(path + ".part", to: path)
        PosixFile.unlinkQuietly(path + ".progress")
        try PosixFolder.synchronize(PosixFolder.parent(of: path))
    }

    // MARK: - Files

    private static var changedColumns: ControlError {
        ControlError(
            .unsupportedAnswer,
            "rows have answers of different lengths, which make no CSV: write results to a file named .jsonl")
    }

    private static func finishedAlready(_ path: String) -> ControlError {
        ControlError(.invalidRequest, "'\(path)' is there already: name another file, or --restart")
    }

    private static func checkLength(_ count: Int, of path: String, atLeast noted: Int) throws(ControlError) {
        guard noted <= count else {
            throw ControlError(.changedOnDisk, "'\(path)' is shorter than it was left: --restart begins anew")
        }
    }

    private static func openLocked(_ path: String) throws -> PosixFile {
        let file = try PosixFile(appending: path)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ControlError(.busy, "another process is writing '\(path)': let it end, or name another file")
        }
        // Who held the lock before may have given this very file its final name: it is no longer ours to cut.
        let opened = try file.status()
        var named = stat()
        guard lstat(path, &named) == 0, named.st_ino == opened.st_ino, named.st_dev == opened.st_dev else {
            throw ControlError(.busy, "another process has just finished '\(path)': look at its results first")
        }
        return file
    }

    /// The journal at `path`, `nil` when there is none.
    private static func readJournal(_ path: String) throws -> ScoringJournal? {
        guard FileFacts.exists(path) else { return nil }
        do {
            return try JSONDecoder().decode(ScoringJournal.self, from: Data(try FileFacts.bytes(path)))
        } catch {
            throw ControlError(
                .changedOnDisk, "'\(path)' is no journal of this program: --restart begins anew", cause: error)
        }
    }

    private static func move(_ from: String, to path: String) throws(RegistryError) {
        guard rename(from, path) == 0 else { throw RegistryError(systemError: errno, doing: "renamed", path: from) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(ControlError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ControlError(.unreadable, "the results cannot be written: \(String(cString: strerror(errno)))")
            }
            done += count
        }
    }
}

extension PosixFile {
    /// Opens a file, made if need be, to write at its end.
    init(appending path: String) throws(RegistryError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        self.init(owning: descriptor, path: path)
    }

    /// Drops what lies behind the first `count` bytes.
    func cut(to count: Int) throws(RegistryError) {
        guard ftruncate(descriptor, off_t(count)) == 0 else {
            throw RegistryError(systemError: errno, doing: "cut", path: path)
        }
    }
}
