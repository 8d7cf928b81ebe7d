// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity

/// A segment that is being written under its temporary name; used by one thread at a time. All calls block.
final class CaptureDraft {
    let folder: String
    let stem: String
    private(set) var byteCount = 0
    private let file: PosixFile
    private let fileWriter: FileWriter
    private var writer: ArrowWriter
    private var hasher = SHA256Hasher()
    private var rows = 0
    /// When the first and the last of its requests came.
    private var span: ClosedRange<Timestamp>?

    /// Makes the file and writes its head.
    ///
    /// - Parameter stem: Of a segment that is not there.
    /// - Throws: ``RegistryError`` `storeFull`, `storeUnavailable`, `conflict`; nothing is left then.
    init(
        folder: String, stem: String, writer: ArrowWriter, using fileWriter: FileWriter
    ) throws {
        self.folder = folder
        self.stem = stem
        self.fileWriter = fileWriter
        self.writer = writer
        let path = folder + "/" + CaptureFile.name(stem, .open)
        file = try PosixFile(creating: path, mode: 0o600)
        do {
            // Tells other processes that the file is no leftover.
            _ = try FileLock.hold(file.descriptor, isExclusive: true, path: path)
            try put(self.writer.start())
        } catch {
            PosixFile.unlinkQuietly(path)
            throw error
        }
    }

    /// Writes rows of requests that came within `span`.
    func add(_ columns: [ArrowColumnData], of span: ClosedRange<Timestamp>) throws {
        guard let count = columns.first?.count, count > 0 else { return }
        try put(try writer.batch(columns))
        rows += count
        self.span = self.span.map { min($0.lowerBound, span.lowerBound)...max($0.upperBound, span.upperBound) } ?? span
    }

    /// Seals the segment and gives it its name, in place of one that has it.
    func finish() throws {
        var metadata = [(key: CaptureSeal.key, value: CaptureSeal.blank), (key: "slipway.rows", value: String(rows))]
        if let span { metadata += CaptureSpan.metadata(span) }
        var tail = writer.finish(metadata: metadata)
        CaptureSeal.seal(&tail, hasher)
        try tail.withUnsafeBytes { try file.write($0, using: fileWriter) }
        byteCount += tail.count
        try file.synchronize()
        try CaptureFolder.rename(file.path, to: folder + "/" + CaptureFile.name(stem, .sealed))
        try PosixFolder.synchronize(folder)
    }

    /// Removes what was written.
    func abandon() { PosixFile.unlinkQuietly(file.path) }

    private func put(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try file.write($0, using: fileWriter) }
        hasher.update(bytes)
        byteCount += bytes.count
    }
}

/// When the requests of a segment came, as its footer says.
enum CaptureSpan {
    private static let start = "slipway.started_at"
    private static let end = "slipway.ended_at"

    static func metadata(_ span: ClosedRange<Timestamp>) -> [(key: String, value: String)] {
        [(key: start, value: span.lowerBound.description), (key: end, value: span.upperBound.description)]
    }

    /// `nil` where it says nothing that can be read.
    static func of(_ table: ArrowTable) -> ClosedRange<Timestamp>? {
        guard let from = table.footerMetadata[start].flatMap({ Timestamp(iso8601: $0) }),
            let until = table.footerMetadata[end].flatMap({ Timestamp(iso8601: $0) }), from <= until
        else { return nil }
        return from...until
    }
}
