// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity
import SlipwayWire

/// Puts the files of an export where they belong. Its calls block.
struct ExportWriter {
    private(set) var files: [FileDTO] = []
    private let folder: String
    private let progress: @Sendable (Double) -> Void
    private var written: [String] = []

    init(folder: String, progress: @escaping @Sendable (Double) -> Void) {
        self.folder = folder
        self.progress = progress
    }

    /// - Parameter source: The folder that the bundle is laid out in.
    mutating func write(_ plan: ExportPlan, from source: String, until flag: CancellationFlag) throws {
        let total = Double(max(1, plan.copies.reduce(0) { $0 &+ $1.file.byteCount }))
        var done = 0
        for copy in plan.copies {
            let from = try PosixFile(reading: source + "/" + copy.file.path)
            let (before, progress) = (done, progress)
            try make(copy.path) { write in
                var count = 0
                try from.forEachChunk(until: flag) { chunk in
                    try write(chunk)
                    count += chunk.count
                    progress(Double(before &+ count) / total)
                }
            }
            done = done &+ copy.file.byteCount
        }
        for text in plan.texts {
            try make(text.path) { write in try text.bytes.withUnsafeBytes { try write($0) } }
        }
    }

    /// Writes the initializers of a version's ONNX file as `model.safetensors`.
    mutating func writeWeights(of record: VersionRecord, in source: String, until flag: CancellationFlag) throws {
        let weights = try ONNXWeights.read(path: source + "/" + record.draft.primaryPath)
        try make("model.safetensors") { write in
            try SafetensorsWriter.write(weights, metadata: ["format": "onnx", "source": "\(record.digest)"]) { piece in
                if flag.isCancelled { throw CancellationError() }
                try piece.withUnsafeBytes { try write($0) }
            }
        }
    }

    /// Makes a file and the folders it is in; remembers it with its digest.
    private mutating func make(
        _ path: String, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try BundlePath.check(path)
        let target = folder + "/" + path
        try PosixFolder.make(PosixFolder.parent(of: target), mode: 0o755)
        let file = try PosixFile(creating: target, mode: 0o644)
        written.append(target)
        var hasher = SHA256Hasher()
        var count = 0
        try body { chunk in
            try file.write(chunk)
            hasher.update(chunk)
            count += chunk.count
        }
        files.append(FileDTO(path: path, digest: hasher.digest(), byteCount: count))
    }

    /// Removes what was written so far; folders stay.
    func removeWritten() {
        for path in written { PosixFile.unlinkQuietly(path) }
    }
}
