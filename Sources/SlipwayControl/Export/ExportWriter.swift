// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity
import SlipwayWire

/// Puts the files of an export where they belong, each compared with its digest while it comes.
struct ExportWriter {
    /// Hands a blob's bytes on, piece by piece.
    typealias Read =
        @Sendable (_ digest: Digest, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void) async throws -> Void

    private(set) var files: [FileDTO] = []
    private let folder: String
    private let read: Read
    private let progress: @Sendable (Double) -> Void
    private var written: [String] = []

    init(folder: String, read: @escaping Read, progress: @escaping @Sendable (Double) -> Void) {
        self.folder = folder
        self.read = read
        self.progress = progress
    }

    mutating func write(_ plan: ExportPlan) async throws {
        let total = plan.copies.reduce(0) { $0 &+ $1.file.byteCount }
        var done = 0
        for copy in plan.copies {
            try await receive(copy.file, in: try await make(copy.path), after: done, of: total)
            files.append(FileDTO(path: copy.path, digest: copy.file.digest, byteCount: copy.file.byteCount))
            done = done &+ copy.file.byteCount
        }
        for text in plan.texts {
            let file = try await make(text.path)
            try await LoaderThread.run { try file.append(text.bytes) }
            add(file, as: text.path)
        }
    }

    /// Writes the initializers of a version's ONNX file as `model.safetensors`.
    mutating func writeWeights(of record: VersionRecord) async throws {
        let path = "model.safetensors"
        let target = try await make(path)
        let scratch = try await Self.scratch(in: folder)
        do {
            let total = record.byteCount
            var done = 0
            for file in record.draft.files {
                let copy = try await LoaderThread.run { try ReceivedFile(scratch + "/" + file.path) }
                try await receive(file, in: copy, after: done, of: total)
                done = done &+ file.byteCount
            }
            let (primary, source) = (scratch + "/" + record.draft.primaryPath, "\(record.digest)")
            try await BlockingFiles.run { flag in
                let weights = try ONNXWeights.read(path: primary)
                try SafetensorsWriter.write(weights, metadata: ["format": "onnx", "source": source]) { piece in
                    if flag.isCancelled { throw CancellationError() }
                    try target.append(piece)
                }
            }
        } catch {
            await Self.remove(scratch)
            throw error
        }
        await Self.remove(scratch)
        add(target, as: path)
    }

    /// Makes a file of the export; remembers it, to be removed should the export fail.
    private mutating func make(_ path: String) async throws -> ReceivedFile {
        try BundlePath.check(path)
        let target = folder + "/" + path
        let file = try await LoaderThread.run { try ReceivedFile(target) }
        written.append(target)
        return file
    }

    private mutating func add(_ file: ReceivedFile, as path: String) {
        let made = file.finish()
        files.append(FileDTO(path: path, digest: made.digest, byteCount: made.byteCount))
    }

    private func receive(_ wanted: BundleFile, in file: ReceivedFile, after done: Int, of total: Int) async throws {
        let progress = progress
        try await read(wanted.digest) { piece in
            let count = try await BlockingFiles.run { _ in
                try file.append(piece)
                return file.byteCount
            }
            guard count <= wanted.byteCount else { throw RegistryError.corruptBlob(wanted.digest, found: "more bytes") }
            progress(Double(done &+ count) / Double(max(1, total)))
        }
        let found = file.finish()
        guard found.digest == wanted.digest else {
            throw RegistryError.corruptBlob(wanted.digest, found: "\(found.byteCount) bytes with \(found.digest)")
        }
    }

    /// Removes what was written so far; folders stay.
    func removeWritten() async {
        let written = written
        try? await LoaderThread.run {
            for path in written { PosixFile.unlinkQuietly(path) }
        }
    }

    // MARK: - Scratch

    private static func scratch(in folder: String) async throws -> String {
        try await LoaderThread.run {
            try PosixFolder.make(folder, mode: 0o755)
            // Whoever was killed here before left one.
            ScratchSweep.run(shared: folder)
            return try PosixFolder.makeTemporary(prefix: folder + "/" + ScratchSweep.prefix)
        }
    }

    private static func remove(_ scratch: String) async {
        try? await LoaderThread.run { _ = try PosixFolder.removeTree(scratch) }
    }
}
