// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayClient
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwaySecurity
import Synchronization

/// Brings what `import` is to read to this machine: a URL is fetched, standard input is written down.
final class ImportSources: Sendable {
    struct Files: Sendable {
        let paths: [String]
        /// What the model came from is called.
        let name: String
        /// Whether the file is a copy.
        let isFetched: Bool
    }

    private let scratch: String
    private let folder = Mutex<String?>(nil)

    /// - Parameter scratch: Where copies are made; `nil` for the system's folder for such.
    init(scratch: String?) { self.scratch = scratch ?? GlobalOptions.environment("TMPDIR") ?? "/tmp" }

    /// - Parameter sha256: What a copy must have.
    /// - Throws: ``ValidationFailure``, ``ClientError``.
    func fetch(_ files: [String], sha256: String?, limit: Int) async throws -> Files {
        guard let first = files.first else { throw ValidationFailure("there is no file to import") }
        let isCopied = first == "-" || FileDownload.isURL(first)
        guard files.count == 1 || !files.contains(where: { $0 == "-" || FileDownload.isURL($0) }) else {
            throw ValidationFailure("a URL or standard input is one model: several files must lie on this machine")
        }
        guard isCopied else {
            guard sha256 == nil else { throw ValidationFailure("--sha256 goes with a URL or standard input") }
            return Files(paths: files, name: files.last ?? first, isFetched: false)
        }
        let place = try makeFolder()
        let path: String
        let name: String
        if first == "-" {
            (path, name) = (place + "/model", "stdin")
            try await LoaderThread.run { try Self.copyInput(to: path, limit: limit) }
        } else {
            let download = try FileDownload(url: first, limit: limit)
            name = download.fileName ?? "model"
            path = place + "/" + Self.plain(name)
            let bar = ProgressBar("fetching")
            defer { bar.finish() }
            try await download.run(to: path) { bar.show($0) }
        }
        if let sha256 {
            let found = try await LoaderThread.run { try SHA256Hasher.digest(ofFileAt: path) }
            guard found.hex == sha256.lowercased() else {
                throw ValidationFailure("the file's sha256 is \(found.hex), expected \(sha256.lowercased())")
            }
        }
        return Files(paths: [path], name: name, isFetched: true)
    }

    /// Removes the copies.
    func discard() {
        guard let made = folder.withLock({ $0 }) else { return }
        _ = try? PosixFolder.removeTree(made)
    }

    private func makeFolder() throws -> String {
        try PosixFolder.make(scratch)
        // Whoever was killed here before left one.
        ScratchSweep.run(shared: scratch)
        let made = try PosixFolder.makeTemporary(prefix: scratch + "/" + ScratchSweep.prefix)
        folder.withLock { $0 = made }
        return made
    }

    /// A server's word for a file, as a name on this machine.
    private static func plain(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": scalar
            default: "_"
            }
        }
        let text = String(String.UnicodeScalarView(letters.suffix(100)))
        return text.hasPrefix(".") ? "model" + text : text
    }

    private static func copyInput(to path: String, limit: Int) throws {
        let file = try PosixFile(creating: path, mode: 0o600)
        let input = PosixFile(owning: dup(STDIN_FILENO), path: "standard input")
        var total = 0
        try input.forEachChunk { chunk in
            total += chunk.count
            guard total <= limit else {
                throw ValidationFailure("standard input has more than \(limit) bytes: --max-size allows more")
            }
            try file.write(chunk)
        }
        guard total > 0 else { throw ValidationFailure("standard input is empty") }
    }
}
